import assert from "node:assert/strict";
import { ResizedPositions } from "../../../../lib/models/depth/resized_positions.ts";
import type { WeightEntry } from "../../../../lib/weights/weight_source.ts";
import { assertAllClose } from "../../../support/assert_all_close.ts";

function entryOf(values: readonly number[], width: number): WeightEntry {
  const data = Float32Array.from(values);
  return {
    key: "positions",
    shape: [1, values.length / width, width],
    dtype: "F32",
    read: () => new Uint8Array(data.buffer),
  };
}

function read(entry: WeightEntry): Float32Array {
  return new Float32Array(entry.read("float32").slice().buffer);
}

Deno.test("ResizedPositions agrees with torch's bicubic interpolation", () => {
  // 2 x 3 positions with the values 1 to 6, one channel, after a class token.
  const resized = new ResizedPositions(
    entryOf([9, 1, 2, 3, 4, 5, 6], 1),
    [[2, 3], [3, 2]],
    "bicubic",
  );
  assert.deepEqual(resized.shape, [1, 7, 1]);
  // Weights at a fraction t, by Keys' formula with a = -0.75. Rows at -1/6, 1/2, 7/6 and columns at
  // 1/4, 7/4; the edge is repeated outside.
  const weights = (t: number) => {
    const a = -0.75;
    const near = (d: number) => (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
    const far = (d: number) => a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a;
    return [far(1 + t), near(t), near(1 - t), far(2 - t)];
  };
  const sum = (values: readonly number[], t: number) =>
    weights(t).reduce((total, weight, i) => total + weight * values[i]!, 0);
  const rows = [[1, 2, 3], [4, 5, 6]].map((row) => {
    const [a, b, c] = row as [number, number, number];
    return [sum([a, a, b, c], 0.25), sum([a, b, c, c], 0.75)];
  }) as [[number, number], [number, number]];
  const expected = [
    [[0, 0, 0, 1], 5 / 6],
    [[0, 0, 1, 1], 1 / 2],
    [[0, 1, 1, 1], 1 / 6],
  ].flatMap(([taps, t]) =>
    [0, 1].map((x) => sum((taps as number[]).map((row) => rows[row]![x]!), t as number))
  );
  assertAllClose(read(resized), [9, ...expected], { atol: 1e-6 });
});

Deno.test("ResizedPositions agrees with torch's bilinear interpolation", () => {
  // interpolate([[1, 2, 3], [4, 5, 6]], size=(4, 2), mode="bilinear"): rows at -1/4, 1/4, 3/4, 5/4
  // and columns at 1/4, 7/4.
  const entry = entryOf([9, 1, 2, 3, 4, 5, 6], 1);
  const resized = new ResizedPositions(entry, [[2, 3], [4, 2]], "bilinear");
  const rows = [0, 0.75, 2.25, 3];
  const expected = rows.flatMap((down) => [1.25 + down, 2.75 + down]);
  assertAllClose(read(resized), [9, ...expected], { atol: 1e-6 });
});

Deno.test("ResizedPositions keeps channels apart and can be read in parts", () => {
  const entry = entryOf([7, 8, 1, 10, 2, 20, 3, 30, 4, 40], 2);
  const same = new ResizedPositions(entry, [[2, 2], [2, 2]], "bicubic");
  assertAllClose(read(same), [7, 8, 1, 10, 2, 20, 3, 30, 4, 40], { atol: 1e-6 });
  const part = new Float32Array(same.read("float32", 3, 2).slice().buffer);
  assertAllClose(part, [10, 2], { atol: 1e-6 });
  const half = new Float16Array(same.read("float16", 9, 1).slice().buffer);
  assert.equal(half[0], 40);
});
