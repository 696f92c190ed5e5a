import type { Rgb } from "../image/image.ts";
import type { Material } from "../palette/palette.ts";
import type { CraftSymbol } from "./symbols.ts";

/** Name of a craft. */
export type CraftName = "beads" | "cross-stitch" | "bricks" | "embroidery";

/** A square that the work lies on. */
export interface Board {
  /** Its name, such as "baseplate". */
  readonly name: string;
  /** Cells of a side. */
  readonly length: number;
  /** The lengths that there are. */
  readonly lengths: readonly number[];
}

/** A craft: how a picture is made by hand. */
export interface Craft {
  /** Its name. */
  readonly name: CraftName;
  /** What fills a cell, and several cells, such as "bead" and "beads". */
  readonly unit: readonly [one: string, many: string];
  /** What lies in the middle of a cell, such as "pegs". */
  readonly centers: string;
  /** The palette of its materials, if none is named. */
  readonly palette: string;
  /** Length of a cell of the chart in millimeters. */
  readonly cell: number;
  /** Maximum cells of a page of the chart without its overlap. */
  readonly page: { readonly columns: number; readonly rows: number };
  /** What the work lies on: a square of pegs or studs. Undefined: nothing of a fixed size. */
  readonly board?: Board;
  /** Cells of the neighboring pages that a page repeats at each end. */
  readonly overlap: number;
  /** Whether the chart has the size of the finished work. */
  readonly isTrueScale: boolean;
  /** Factors of the losses that make pictures easier to make, where score distillation runs. */
  readonly losses: CraftLosses;
}

/** Factors of the losses of class probabilities, as in the config's section `training`. */
export interface CraftLosses {
  /** Neighbors that differ in color. */
  readonly pottsScale?: number;
  /** Weight of neighbors above each other; those side by side have 1. */
  readonly pottsDown?: number;
  /** Cells that no neighbor shares the color of. */
  readonly orphanScale?: number;
  /** Places where a picture with transparent cells hardly holds together. */
  readonly looseScale?: number;
}

/**
 * Factor of the losses. They are means over pixels, so a pixel's gradient is about a thousandth of
 * the factor. With this one the measures fall and the subject stays: see tests/bench/RESULTS.md.
 */
const SCALE = 3000;

/**
 * Factor of the loss of loose parts. Few pixels are part of one, and a pixel must give up all of
 * its empty or its opaque probability; with 3000 bridges stay. Measured at the same place.
 */
const LOOSE_SCALE = 30_000;

/** All crafts. */
export const CRAFTS: readonly Craft[] = [
  {
    name: "beads",
    unit: ["bead", "beads"],
    centers: "pegs",
    palette: "hama",
    // The pegs of boards for midi beads, and a page a board of 29 x 29 pegs.
    cell: 5,
    page: { columns: 29, rows: 29 },
    board: { name: "board", length: 29, lengths: [14, 29, 58] },
    overlap: 2,
    isTrueScale: true,
    losses: { looseScale: LOOSE_SCALE },
  },
  {
    name: "cross-stitch",
    unit: ["stitch", "stitches"],
    centers: "stitches",
    palette: "dmc",
    cell: 3,
    page: { columns: 50, rows: 70 },
    overlap: 3,
    isTrueScale: false,
    // Color changes are counted along rows.
    losses: { pottsScale: SCALE, pottsDown: 0, orphanScale: SCALE },
  },
  {
    name: "bricks",
    unit: ["stud", "studs"],
    centers: "studs",
    palette: "lego",
    // A baseplate of 16 x 16 studs fits on a page; larger ones are divided.
    cell: 8,
    page: { columns: 16, rows: 16 },
    board: { name: "baseplate", length: 16, lengths: [16, 32, 48] },
    overlap: 2,
    isTrueScale: true,
    // Plates are long in one direction: a run along a row is one plate, and a plate is two studs
    // deep at most, so that each second row begins new plates anyway.
    losses: { pottsScale: SCALE, pottsDown: 0.5 },
  },
  {
    name: "embroidery",
    unit: ["cell", "cells"],
    centers: "cells",
    palette: "brother",
    cell: 2.5,
    // A page is a hoop of 100 x 100 mm.
    page: { columns: 40, rows: 40 },
    overlap: 2,
    isTrueScale: true,
    // Fewer and larger regions need fewer jumps.
    losses: { pottsScale: SCALE, orphanScale: SCALE },
  },
];

/**
 * Returns a craft on boards of another length. Pages are boards, or equal parts of them.
 *
 * @throws {CraftError} If the craft has no such boards.
 */
export function withBoard(craft: Craft, length: number): Craft {
  const { board, name, page } = craft;
  if (board === undefined) {
    throw new CraftError(`Cannot craft ${name} on a board: it has none`);
  }
  if (!board.lengths.includes(length)) {
    throw new CraftError(
      `Cannot craft ${name}: expected a ${board.name} of ${
        board.lengths.join(", ").replace(/, ([^,]*)$/, " or $1")
      } ` +
        `${craft.centers} a side, got ${length}`,
    );
  }
  const side = Math.min(page.columns, length);
  return { ...craft, board: { ...board, length }, page: { columns: side, rows: side } };
}

/** A material of a pattern. */
export interface PatternColor {
  /** Index in the palette. */
  readonly index: number;
  /** The material. */
  readonly material: Material;
  /** Its color, 8-bit sRGB. */
  readonly color: Rgb;
  /** Number of cells, 1 or more. */
  readonly count: number;
  /** Its sign on the chart. */
  readonly symbol: CraftSymbol;
}

/** A picture that cannot be made. */
export class CraftError extends RangeError {
  /** Name of the class, as it is printed. */
  override readonly name = "CraftError";
}

/** Millimeters of an inch. */
export const INCH = 25.4;
