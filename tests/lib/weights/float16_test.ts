import assert from "node:assert/strict";
import { convertFloats, dequantizeRows } from "../../../lib/weights/float16.ts";
import { toBfloat16 } from "../../support/to_bfloat16.ts";
import type { SafetensorsDtype } from "../../../lib/weights/safetensors.ts";
import { bytesOf } from "./write_raw.ts";

/** Converts to float32 values. */
function toFloats(values: ArrayBufferView<ArrayBuffer>, dtype: SafetensorsDtype): number[] {
  return [...new Float32Array(convertFloats(bytesOf(values), dtype, "float32").slice().buffer)];
}

/** Converts to float16 patterns. */
function toHalves(values: ArrayBufferView<ArrayBuffer>, dtype: SafetensorsDtype): number[] {
  return [...new Uint16Array(convertFloats(bytesOf(values), dtype, "float16").slice().buffer)];
}

// Patterns and values from IEEE 754-2019, binary16: 1 sign, 5 exponent and 10 fraction bits.
const HALVES: readonly (readonly [pattern: number, value: number])[] = [
  [0x0000, 0],
  [0x8000, -0],
  [0x3c00, 1],
  [0xc000, -2],
  [0x3555, 0.333251953125],
  [0x7bff, 65504],
  [0x0400, 2 ** -14],
  [0x0001, 2 ** -24],
  [0x83ff, -1023 * 2 ** -24],
  [0x7c00, Infinity],
  [0xfc00, -Infinity],
];

Deno.test("convertFloats() reads every kind of float16 exactly", () => {
  const patterns = Uint16Array.from(HALVES, ([pattern]) => pattern);
  assert.deepEqual(toFloats(patterns, "F16"), HALVES.map(([, value]) => value));
  assert.ok(Number.isNaN(toFloats(Uint16Array.of(0x7e00), "F16")[0]));
});

Deno.test("convertFloats() writes every kind of float16 exactly", () => {
  const values = Float32Array.from(HALVES, ([, value]) => value);
  assert.deepEqual(toHalves(values, "F32"), HALVES.map(([pattern]) => pattern));
  assert.equal(toHalves(Float32Array.of(NaN), "F32")[0]! & 0x7e00, 0x7e00);
});

Deno.test("convertFloats() rounds to the nearest float16, ties to even", () => {
  const ulp = 2 ** -10;
  const cases: [value: number, pattern: number][] = [
    [1 + ulp / 2, 0x3c00],
    [1 + 3 * ulp / 2, 0x3c02],
    [1 + ulp / 2 + 2 ** -20, 0x3c01],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [2 ** -25, 0x0000],
    [2 ** -25 + 2 ** -40, 0x0001],
    [3 * 2 ** -25, 0x0002],
    [2 ** -14 - 2 ** -26, 0x0400],
  ];
  const values = Float32Array.from(cases, ([value]) => value);
  assert.deepEqual(toHalves(values, "F32"), cases.map(([, pattern]) => pattern));
});

Deno.test("convertFloats() keeps all 65536 float16 values on the way to float32 and back", () => {
  const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const floats = new Float32Array(
    convertFloats(bytesOf(patterns), "F16", "float32").slice().buffer,
  );
  const back = toHalves(floats, "F32");
  const changed = back.filter((pattern, i) => pattern !== i && !Number.isNaN(floats[i]!));
  assert.deepEqual(changed, []);
});

Deno.test("convertFloats() reads bfloat16 as the upper half of float32", () => {
  const patterns = Uint16Array.of(0x3f80, 0xc040, 0x0001, 0x7f80, 0x3eab);
  assert.deepEqual(toFloats(patterns, "BF16"), [1, -3, 2 ** -133, Infinity, 0.333984375]);
  assert.deepEqual(toHalves(Uint16Array.of(0x3f80, 0x3eab), "BF16"), [0x3c00, 0x3558]);
});

Deno.test("toBfloat16() rounds to the nearest, ties to even", () => {
  const values = Float32Array.of(1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -1.01, 3.4e38, NaN, 1e-40);
  // 1 + 2^-8 lies between 0x3f80 and 0x3f81; 1 + 3 * 2^-8 between 0x3f81 and 0x3f82.
  assert.deepEqual(
    [...toBfloat16(values)].map((pattern) => pattern.toString(16)),
    ["3f80", "3f80", "3f82", "bf81", "7f80", "7fc0", "1"],
  );
});

Deno.test("convertFloats() reads integers and doubles", () => {
  assert.deepEqual(toFloats(Float64Array.of(0.1, -2), "F64"), [Math.fround(0.1), -2]);
  assert.deepEqual(toFloats(BigInt64Array.of(-3n, 4n), "I64"), [-3, 4]);
  assert.deepEqual(toFloats(Int32Array.of(-5), "I32"), [-5]);
  assert.deepEqual(toFloats(Int8Array.of(-5, 127), "I8"), [-5, 127]);
  assert.deepEqual(toFloats(Uint8Array.of(200), "U8"), [200]);
});

Deno.test("convertFloats() reads bytes at any offset", () => {
  const bytes = new Uint8Array(9);
  bytes.set(bytesOf(Float32Array.of(1.5, -2.5)), 1);
  const halves = convertFloats(bytes.subarray(1), "F32", "float16");
  assert.deepEqual([...new Float16Array(halves.buffer)], [1.5, -2.5]);
});

Deno.test("dequantizeRows() scales a range that begins and ends inside rows", () => {
  const values = Int8Array.of(3, 4, 5, 6, -7);
  const bytes = dequantizeRows(bytesOf(values), Float32Array.of(0.5, 2, 10), {
    dtype: "I8",
    start: 2,
    rowSize: 3,
    type: "float32",
  });
  assert.deepEqual([...new Float32Array(bytes.buffer)], [1.5, 8, 10, 12, -70]);
});
