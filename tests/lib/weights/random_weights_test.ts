import assert from "node:assert/strict";
import { memorySource } from "../../../lib/weights/byte_source.ts";
import { RandomWeights } from "../../../lib/weights/random_weights.ts";
import { streamSafetensors } from "../../../lib/weights/safetensors_writer.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";

const floats = (bytes: Uint8Array<ArrayBuffer>) => new Float32Array(bytes.slice().buffer);

Deno.test("RandomWeights are uniform within 1 / sqrt(inputs), and scales are 1", () => {
  const weights = new RandomWeights({ seed: 3 });
  const values = floats(weights.get("conv.weight", [64, 16, 3, 3]).read("float32"));
  const bound = 1 / 12;
  assert(values.every((value) => Math.abs(value) <= bound));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
  // Standard errors over 9216 values: bound / sqrt(3 n), and 0.9 / sqrt(n) of the variance.
  assert(Math.abs(mean) < 4 * bound / Math.sqrt(3 * values.length));
  assertAllClose([variance / (bound ** 2 / 3)], [1], { atol: 4 * 0.9 / Math.sqrt(values.length) });
  assert(new Set(values).size > 2000);
  assert(floats(weights.get("norm.weight", [32]).read("float32")).every((value) => value === 1));
  assert.deepEqual(weights.keys(), ["conv.weight", "norm.weight"]);
});

Deno.test("RandomWeights are the same for a seed and a key, whichever range is read", () => {
  const read = (seed: number, key: string) =>
    floats(new RandomWeights({ seed }).get(key, [101]).read("float32"));
  const bias = read(1, "a.bias");
  assert.deepEqual(read(1, "a.bias"), bias);
  assert.notDeepEqual(read(2, "a.bias"), bias);
  assert.notDeepEqual(read(1, "b.bias"), bias);
  const entry = new RandomWeights({ seed: 1 }).get("a.bias", [101]);
  for (const [start, count] of [[0, 3], [1, 1], [7, 20], [100, 1], [101, 0], [33, undefined]]) {
    const part = floats(entry.read("float32", start, count));
    assert.deepEqual(part, bias.slice(start, start! + (count ?? 101)));
  }
  assert.throws(() => entry.read("float32", 100, 2), /Cannot read values 100 to 102 of weight "a/);
});

Deno.test("RandomWeights refuse a new key without a shape", () => {
  assert.throws(() => new RandomWeights().get("a"), /Cannot generate weight "a"/);
});

for (const type of ["float16", "float32"] as const) {
  Deno.test(`streamSafetensors() writes what StateDict reads, as ${type}`, () => {
    const weights = new RandomWeights();
    weights.get("big.weight", [2100, 2000]);
    weights.get("one.bias", [5]);
    const pieces = [...streamSafetensors(weights.entries, type)];
    assert(pieces.slice(1).every((piece) => piece.byteLength <= 2 ** 23));
    const file = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
    let offset = 0;
    for (const piece of pieces) {
      file.set(piece, offset);
      offset += piece.byteLength;
    }
    using stateDict = StateDict.fromSources([memorySource(file, "file")]);
    assert.deepEqual(stateDict.keys(), ["big.weight", "one.bias"]);
    for (const entry of weights.entries) {
      const read = stateDict.get(entry.key);
      assert.deepEqual(read.shape, entry.shape);
      assert.deepEqual(floats(read.read("float32")), floats(entry.read("float32")));
    }
  });
}
