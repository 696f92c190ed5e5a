import assert from "node:assert/strict";
import { LazyBytes, SharedRange } from "../../../../lib/onnx/runtime/lazy_bytes.ts";
import type { WeightEntry } from "../../../../lib/weights/weight_source.ts";

const onError = (error: unknown) => {
  throw error;
};

/** A weight 0, 1, 2, … that notes how it is read. */
function ramp(size: number, isReadInParts: boolean, reads: number[]): WeightEntry {
  return {
    key: "ramp",
    shape: [size],
    dtype: "F32",
    isReadInParts,
    read(type, start = 0, count = size - start) {
      reads.push(count);
      assert.equal(type, "float32");
      return new Uint8Array(Float32Array.from({ length: count }, (_, i) => start + i).buffer);
    },
  };
}

const floatsOf = (bytes: Uint8Array<ArrayBuffer>) =>
  new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);

Deno.test("LazyBytes reads large ranges part by part into shared memory", () => {
  const [size, reads] = [150_001, [] as number[]];
  const shared = new SharedRange();
  const options = { shared, onError };
  const bytes = new LazyBytes(ramp(size, true, reads), "float32", options);
  assert.equal(bytes.byteLength, 4 * size);
  const all = floatsOf(bytes.subarray());
  assert.deepEqual(all, Float32Array.from({ length: size }, (_, i) => i));
  assert.deepEqual(reads, [65_536, 65_536, 18_929]);
  const some = floatsOf(bytes.subarray(4 * 10, 4 * 100_010));
  assert.deepEqual(some, Float32Array.from({ length: 100_000 }, (_, i) => 10 + i));
  assert.equal(some.buffer, all.buffer);
});

Deno.test("LazyBytes reads other weights, and for runtimes that keep them, at once", () => {
  const size = 150_001;
  for (const [isReadInParts, shared] of [[false, new SharedRange()], [true, undefined]] as const) {
    const reads: number[] = [];
    const options = { shared, onError };
    const bytes = new LazyBytes(ramp(size, isReadInParts, reads), "float32", options);
    assert.notEqual(bytes.subarray().buffer, bytes.subarray().buffer);
    assert.deepEqual(reads, [size, size]);
  }
});

Deno.test("LazyBytes tells an error that onnxruntime would discard", () => {
  const errors: unknown[] = [];
  const entry = {
    ...ramp(4, true, []),
    read: () => {
      throw new RangeError("Cannot read");
    },
  };
  const bytes = new LazyBytes(entry, "float32", { onError: (error) => errors.push(error) });
  assert.throws(() => bytes.subarray(), /Cannot read/);
  assert.deepEqual(errors.map(String), ["RangeError: Cannot read"]);
});

Deno.test("LazyBytes lets a whole weight be written into shared memory", () => {
  const reads: number[] = [];
  const entry: WeightEntry = {
    ...ramp(6, false, reads),
    readInto: (bytes) => new Float32Array(bytes.buffer, bytes.byteOffset, 6).fill(7),
  };
  const shared = new SharedRange();
  const bytes = new LazyBytes(entry, "float32", { shared, onError });
  assert.deepEqual(floatsOf(bytes.subarray()), new Float32Array(6).fill(7));
  // A part, and memory that is kept, are read as before.
  assert.deepEqual(floatsOf(bytes.subarray(8, 16)), new Float32Array([2, 3]));
  const kept = new LazyBytes(entry, "float32", { onError });
  assert.deepEqual(floatsOf(kept.subarray()), new Float32Array([0, 1, 2, 3, 4, 5]));
  assert.deepEqual(reads, [2, 6]);
});
