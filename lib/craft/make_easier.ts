import type { IndexedPicture } from "../finish/indexed_picture.ts";
import type { CraftName } from "./craft.ts";
import { mendBeads } from "./mend_beads.ts";
import { smoothRegions } from "./smooth_regions.ts";

/**
 * Makes a picture easier to make: beads are added where it would fall apart, and for the other
 * crafts regions of color become larger and fewer.
 *
 * @param left How many of each material are left, length K; it is counted down. Default: as many as
 * needed.
 * @returns A new picture.
 */
export function makeEasier(
  craft: CraftName,
  picture: IndexedPicture,
  left?: number[],
): IndexedPicture {
  return craft === "beads" ? mendBeads(picture, left) : smoothRegions(picture, left);
}

/** Counts how many of each material an inventory has left beside a picture, length K. */
export function leftOf(
  inventory: readonly number[],
  { indices, palette }: IndexedPicture,
): number[] {
  const left = [...inventory];
  for (const index of indices) if (index !== palette.size) left[index]!--;
  return left;
}
