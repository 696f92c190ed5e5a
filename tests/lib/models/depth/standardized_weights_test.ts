import assert from "node:assert/strict";
import { StandardizedWeights } from "../../../../lib/models/depth/standardized_weights.ts";
import type { WeightEntry } from "../../../../lib/weights/weight_source.ts";
import { assertAllClose } from "../../../support/assert_all_close.ts";
import { ScatteredWeights } from "../scattered_weights.ts";

const SHAPE = [3, 2, 1, 2];

function read(entry: WeightEntry, start?: number, count?: number): Float32Array {
  return new Float32Array(entry.read("float32", start, count).slice().buffer);
}

Deno.test("StandardizedWeights brings each kernel of a convolution to mean 0 and variance 1", () => {
  const weights = new ScatteredWeights();
  const entry = new StandardizedWeights(weights, "a.b").get("a.b.conv.weight", SHAPE);
  const stored = weights.values("a.b.conv.weight");
  // (w - mean) / sqrt(variance + 1e-8), the variance over all values of a kernel.
  const expected = [0, 4, 8].flatMap((start) => {
    const window = [...stored.subarray(start, start + 4)];
    const mean = window.reduce((sum, value) => sum + value) / 4;
    const variance = window.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4;
    return window.map((value) => (value - mean) / Math.sqrt(variance + 1e-8));
  });
  assert.equal(entry.key, "a.b.conv.weight");
  assertAllClose(read(entry), expected);
  assertAllClose(read(entry, 3, 6), expected.slice(3, 9));
  const half = new Float16Array(entry.read("float16", 11).slice().buffer);
  assertAllClose(half, expected.slice(11), { atol: 1e-3 });
});

Deno.test("StandardizedWeights does not change other weights", () => {
  const weights = new ScatteredWeights();
  const standardized = new StandardizedWeights(weights, "a.b");
  for (const [key, shape] of [["a.b.norm.weight", [4]], ["a.bc.conv.weight", SHAPE]] as const) {
    assert.equal(standardized.get(key, shape), weights.get(key));
  }
  assert.deepEqual(standardized.keys(), weights.keys());
  assert(standardized.hasPrefix("a.b.norm") && !standardized.hasPrefix("b"));
});
