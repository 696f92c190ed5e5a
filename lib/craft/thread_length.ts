import { INCH } from "./craft.ts";

/** Strands of a skein, and its length in meters. */
const SKEIN = { strands: 6, length: 8 } as const;
/** Strands in the needle. */
export const STRANDS = 2;
/** Part of the thread that is lost at its ends. */
const WASTE = 0.2;

/** What a color of cross-stitch needs. */
export interface ThreadNeed {
  /** Meters of thread in the needle. */
  readonly meters: number;
  /** Skeins to buy, of 8 m with six strands. */
  readonly skeins: number;
}

/**
 * Estimates the thread of full crosses with two strands: two diagonals in front and two sides of a
 * cell behind, with a fifth more for ends.
 *
 * @param count Number of crosses.
 * @param fabricCount Stitches per inch.
 */
export function threadNeed(count: number, fabricCount: number): ThreadNeed {
  const cell = INCH / fabricCount / 1000;
  const meters = count * cell * (2 * Math.SQRT2 + 2) * (1 + WASTE);
  const skeins = Math.ceil(meters * STRANDS / (SKEIN.strands * SKEIN.length));
  return { meters, skeins };
}
