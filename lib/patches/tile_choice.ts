/** A tile that 8 x 8 threads compute, by its rows and columns. */
export type TileSize = "32x64" | "32x32";

/** Size of a product, or of each of `batch` products. */
export interface ProductSize {
  readonly rows: number;
  readonly columns: number;
  readonly batch: number;
}

/**
 * Min number of tiles of 32 x 64. With fewer, tiles of 32 x 32 keep more of a GPU busy.
 *
 * On an H200 with 132 multiprocessors, a linear layer of 640 wide tiles took 0.075 ms, and 0.061 ms
 * in small tiles; with 1,280 it took 0.181 and 0.218 ms. Tiles of 64 x 64, with sums in twice as
 * many registers, were slower for every size (tests/bench/RESULTS.md).
 */
const MIN_WIDE_TILES = 1024;

/** Returns the size of the tiles for a product. */
export function chooseTile({ rows, columns, batch }: ProductSize): TileSize {
  const tiles = Math.ceil(rows / 32) * Math.ceil(columns / 64) * batch;
  return tiles >= MIN_WIDE_TILES ? "32x64" : "32x32";
}

/** Returns {@linkcode chooseTile} as a condition in WGSL: whether `tiles` of 32 x 64 are enough. */
export const IS_WIDE_TILE = `tiles >= ${MIN_WIDE_TILES}u`;
