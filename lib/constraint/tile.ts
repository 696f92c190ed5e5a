/** Axes along which copies of a picture join without a seam. */
export type Tile = "none" | "x" | "y" | "xy";

/** Tells whether a picture joins its copies along an axis. */
export function tilesAlong(tile: Tile, axis: "x" | "y"): boolean {
  return tile === axis || tile === "xy";
}
