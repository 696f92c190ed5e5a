import type { IndexedPicture } from "../finish/indexed_picture.ts";
import { type Craft, INCH, type PatternColor } from "./craft.ts";
import type { PlateLayout } from "./plates.ts";
import type { Hoop } from "./stitches.ts";

/** What is made: a picture in the colors of materials, with a symbol for each. */
export interface Pattern {
  /** Its title, such as the name of the picture. */
  readonly title: string;
  /** The craft. */
  readonly craft: Craft;
  /** The picture; transparent cells stay empty. */
  readonly picture: IndexedPicture;
  /** The materials that occur, the most frequent first. */
  readonly colors: readonly PatternColor[];
  /** Stitches per inch of the fabric; of no meaning for beads. */
  readonly fabricCount: number;
  /** Count of each material that there is, length K; undefined if it is not known. */
  readonly inventory: readonly number[] | undefined;
  /** The stitches of embroidery, hoop by hoop; empty for other crafts. */
  readonly hoops: readonly Hoop[];
  /** The plates of bricks; undefined for other crafts. */
  readonly plates: PlateLayout | undefined;
}

/** Height and width in millimeters. */
export interface SizeInMillimeters {
  /** From top to bottom. */
  readonly height: number;
  /** From left to right. */
  readonly width: number;
}

/** Returns the size of the finished work. */
export function finishedSize({ craft, picture, fabricCount }: Pattern): SizeInMillimeters {
  const cell = craft.isTrueScale ? craft.cell : INCH / fabricCount;
  return { height: picture.height * cell, width: picture.width * cell };
}
