/** 8-bit floating-point types of safetensors files. */
export type Float8Type = "F8_E4M3" | "F8_E5M2";

/**
 * Values of all 256 patterns of a type, exact in float32 and in float16.
 *
 * - E4M3: 4 exponent bits with bias 7, 3 fraction bits, no infinities, NaN is 0x7f and 0xff. It is
 *   PyTorch's `float8_e4m3fn`.
 * - E5M2: 5 exponent bits with bias 15, 2 fraction bits, infinities and NaN as in IEEE 754: the
 *   upper byte of a float16.
 *
 * Source: Micikevicius et al. 2022, https://arxiv.org/abs/2209.05433, table 1.
 */
const TABLES: Readonly<Record<Float8Type, Float32Array>> = {
  F8_E4M3: Float32Array.from({ length: 256 }, (_, pattern) => valueOfE4M3(pattern)),
  F8_E5M2: Float32Array.from(
    new Float16Array(
      Uint16Array.from({ length: 256 }, (_, pattern) => pattern << 8).buffer,
    ),
  ),
};

/** Decodes 8-bit floating-point values. */
export function fromFloat8(patterns: Uint8Array, type: Float8Type): Float32Array {
  const table = TABLES[type];
  const values = new Float32Array(patterns.length);
  for (let i = 0; i < values.length; i++) values[i] = table[patterns[i]!]!;
  return values;
}

function valueOfE4M3(pattern: number): number {
  const sign = pattern & 0x80 ? -1 : 1;
  const [exponent, fraction] = [(pattern >> 3) & 15, pattern & 7];
  if (exponent === 15 && fraction === 7) return NaN;
  if (exponent === 0) return sign * fraction * 2 ** -9;
  return sign * (1 + fraction / 8) * 2 ** (exponent - 7);
}
