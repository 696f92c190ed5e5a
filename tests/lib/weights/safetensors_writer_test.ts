import assert from "node:assert/strict";
import { memorySource } from "../../../lib/weights/byte_source.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { writeSafetensors } from "../../../lib/weights/safetensors_writer.ts";

Deno.test("writeSafetensors() writes header, offsets and little-endian values", () => {
  const file = writeSafetensors({
    mask: { shape: [3], data: Uint8Array.of(1, 0, 1) },
    logits: { shape: [1, 2], data: Float32Array.of(1.5, -2) },
    index: { shape: [1], data: Uint32Array.of(4_000_000_000) },
    step: { shape: [], data: Int32Array.of(-7) },
  }, { seed: "12", note: 'with "quotes" and é' });
  const view = new DataView(file.buffer);
  const headerLength = Number(view.getBigUint64(0, true));
  assert.equal(headerLength % 8, 0);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerLength)));
  assert.deepEqual(header, {
    __metadata__: { seed: "12", note: 'with "quotes" and é' },
    logits: { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] },
    index: { dtype: "U32", shape: [1], data_offsets: [8, 12] },
    step: { dtype: "I32", shape: [], data_offsets: [12, 16] },
    mask: { dtype: "U8", shape: [3], data_offsets: [16, 19] },
  });
  const data = 8 + headerLength;
  assert.equal(view.getFloat32(data, true), 1.5);
  assert.equal(view.getFloat32(data + 4, true), -2);
  assert.equal(view.getUint32(data + 8, true), 4_000_000_000);
  assert.equal(view.getInt32(data + 12, true), -7);
  assert.deepEqual([...file.subarray(data + 16)], [1, 0, 1]);
});

Deno.test("writeSafetensors() writes the part of a buffer that an array shows", () => {
  const whole = Float32Array.of(1, 2, 3, 4);
  const file = writeSafetensors({ x: { shape: [2], data: whole.subarray(1, 3) } });
  assert.deepEqual([...new Float32Array(file.slice(-8).buffer)], [2, 3]);
});

Deno.test("writeSafetensors() keeps names that objects treat specially", () => {
  const tensors = Object.fromEntries(
    ["__proto__", "constructor", "2", "1"].map((key, i) => [
      key,
      { shape: [1], data: Float32Array.of(i) },
    ]),
  );
  using weights = StateDict.fromSources([memorySource(writeSafetensors(tensors), "x")]);
  const values = ["__proto__", "constructor", "2", "1"].map((key) =>
    new Float32Array(weights.get(key).read("float32").slice().buffer)[0]
  );
  assert.deepEqual(values, [0, 1, 2, 3]);
});

Deno.test("writeSafetensors() refuses data that does not fit its shape", () => {
  assert.throws(
    () => writeSafetensors({ x: { shape: [2, 3], data: new Float32Array(5) } }),
    /Cannot write tensor "x" of shape \[2, 3\]: expected 6 values, got 5/,
  );
});
