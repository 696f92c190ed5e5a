import type { IndexedPicture } from "../finish/indexed_picture.ts";
import { type Craft, CraftError, type PatternColor } from "./craft.ts";
import type { Pattern } from "./pattern.ts";
import { layPlates } from "./plates.ts";
import { sew } from "./sew.ts";
import type { Hoop } from "./stitches.ts";
import { symbolAt } from "./symbols.ts";

/** The maximum height and width of a pattern in cells. */
const MAX_LENGTH = 256;

/** Options of {@linkcode createPattern}. */
export interface PatternOptions {
  /** Title of the pattern. */
  readonly title: string;
  /** Stitches per inch of the fabric. Default: 14. */
  readonly fabricCount?: number;
  /** Count of each material that there is, length K. Default: not known. */
  readonly inventory?: readonly number[];
  /** Whether embroidery gets an underlay. Default: false. */
  readonly underlay?: boolean;
}

/** The most threads that a file for machines holds here. */
const MAX_THREADS = 64;

/**
 * Makes a pattern of a picture in the colors of materials.
 *
 * @throws {CraftError} If the picture has more than 256 rows or columns, no opaque pixel, or more
 * colors than a machine takes threads; or if bricks have other codes than LDraw's.
 */
export function createPattern(
  craft: Craft,
  picture: IndexedPicture,
  { title, fabricCount = 14, inventory, underlay = false }: PatternOptions,
): Pattern {
  checkSize(picture);
  const counts = new Map<number, number>();
  for (const index of picture.indices) counts.set(index, (counts.get(index) ?? 0) + 1);
  counts.delete(picture.palette.size);
  if (counts.size === 0) throw new CraftError("Cannot make a pattern: the picture is transparent");
  const colors = [...counts].sort(([a, m], [b, n]) => n - m || a - b)
    .map(([index, count], i) => ({
      index,
      count,
      material: picture.palette.materialAt(index),
      color: picture.palette.at(index),
      symbol: symbolAt(i),
    }));
  const hoops = craft.name === "embroidery" ? sewAll(craft, picture, colors, underlay) : [];
  const plates = craft.name === "bricks" ? layPlates(picture, colors) : undefined;
  return { title, craft, picture, colors, fabricCount, inventory, hoops, plates };
}

function sewAll(
  craft: Craft,
  picture: IndexedPicture,
  colors: readonly PatternColor[],
  underlay: boolean,
): Hoop[] {
  if (colors.length <= MAX_THREADS) return sew(craft, picture, colors, { underlay });
  throw new CraftError(
    `Cannot embroider: expected at most ${MAX_THREADS} threads, got ${colors.length}; use ` +
      `--max-colors`,
  );
}

/**
 * Checks that a picture is small enough for a pattern.
 *
 * @throws {CraftError} If it has more than 256 rows or columns.
 */
export function checkSize({ height, width }: IndexedPicture): void {
  if (height <= MAX_LENGTH && width <= MAX_LENGTH) return;
  throw new CraftError(
    `Cannot make a pattern: expected at most ${MAX_LENGTH}x${MAX_LENGTH} pixels, got ` +
      `${height}x${width}; use deno task pixelize --size first`,
  );
}
