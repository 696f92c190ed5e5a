import assert from "node:assert/strict";
import { chooseTile, IS_WIDE_TILE, type ProductSize } from "../../../lib/patches/tile_choice.ts";

/** Products of SDXL, and their milliseconds on an H200 in tiles of 32 x 32 and 32 x 64. */
const MEASURED: readonly (readonly [ProductSize, small: number, wide: number])[] = [
  [{ rows: 8192, columns: 640, batch: 1 }, 0.2132, 0.1728],
  [{ rows: 8192, columns: 5120, batch: 1 }, 1.5717, 1.2449],
  [{ rows: 2048, columns: 1280, batch: 1 }, 0.2176, 0.1807],
  [{ rows: 2048, columns: 10240, batch: 1 }, 1.5655, 1.2506],
  [{ rows: 154, columns: 1280, batch: 1 }, 0.1004, 0.0918],
  [{ rows: 2048, columns: 640, batch: 1 }, 0.0607, 0.0747],
  [{ rows: 2048, columns: 5120, batch: 1 }, 0.4067, 0.3322],
  [{ rows: 512, columns: 1280, batch: 1 }, 0.0804, 0.0832],
  [{ rows: 512, columns: 10240, batch: 1 }, 0.4189, 0.345],
  // Convolutions: two images.
  [{ rows: 1024, columns: 1280, batch: 2 }, 3.1948, 2.4609],
  [{ rows: 4096, columns: 640, batch: 2 }, 3.0343, 2.2177],
  [{ rows: 16384, columns: 320, batch: 2 }, 2.907, 2.154],
  [{ rows: 256, columns: 1280, batch: 2 }, 1.1712, 1.176],
  [{ rows: 1024, columns: 640, batch: 2 }, 0.8328, 0.9236],
];

Deno.test("chooseTile() takes the faster tile, or one that is 10 % slower at most", () => {
  for (const [size, small, wide] of MEASURED) {
    const chosen = chooseTile(size) === "32x32" ? small : wide;
    assert(chosen <= 1.1 * Math.min(small, wide), JSON.stringify(size));
  }
});

Deno.test("IS_WIDE_TILE is the same choice in WGSL", () => {
  const min = Number(/^tiles >= (\d+)u$/.exec(IS_WIDE_TILE)?.[1]);
  const tileOf = (tiles: number) => chooseTile({ rows: 32, columns: 64, batch: tiles });
  assert.deepEqual([tileOf(min - 1), tileOf(min)], ["32x32", "32x64"]);
});
