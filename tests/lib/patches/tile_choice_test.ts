import assert from "node:assert/strict";
import { chooseTile, isLargeTile } from "../../../lib/patches/tile_choice.ts";

/** Layers of SDXL's UNet with two rows: at 1024, at 512, and of the prompt. */
const LAYERS: readonly (readonly [rows: number, columns: number, size: number])[] = [
  [2048, 10240, 64],
  [2048, 1280, 64],
  [8192, 640, 64],
  [512, 5120, 64],
  [2048, 640, 64],
  [512, 1280, 32],
  [154, 1280, 32],
];

Deno.test("chooseTile() takes small tiles for products of few large ones", () => {
  for (const [rows, columns, size] of LAYERS) {
    assert.equal(chooseTile({ rows, columns, batch: 1 }, "matrix"), size, `${rows} x ${columns}`);
  }
  assert.equal(chooseTile({ rows: 256, columns: 1280, batch: 2 }, "convolution"), 64);
  assert.equal(chooseTile({ rows: 64, columns: 1280, batch: 2 }, "convolution"), 32);
});

Deno.test("isLargeTile() is the same choice in WGSL", () => {
  for (const kind of ["matrix", "convolution"] as const) {
    const min = Number(/^tiles >= (\d+)u$/.exec(isLargeTile(kind))?.[1]);
    const tileOf = (tiles: number) => chooseTile({ rows: 64, columns: 64, batch: tiles }, kind);
    assert.deepEqual([tileOf(min - 1), tileOf(min)], [32, 64]);
  }
});
