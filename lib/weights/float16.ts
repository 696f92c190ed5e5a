import { fromFloat8 } from "./float8.ts";
import { alignBytes } from "./float_view.ts";
import { bytesPerValue, type SafetensorsDtype } from "./safetensors.ts";

/** Floating-point types of the networks, to which weights are converted. */
export type FloatType = "float32" | "float16";

/** Returns the number of bytes of one value. */
export function bytesPerFloat(type: FloatType): number {
  return type === "float32" ? 4 : 2;
}

/**
 * Converts stored values to floating-point values. Both are little-endian.
 *
 * Narrowing rounds to the nearest value, ties to even, and keeps subnormals, infinities and NaN.
 * Values beyond the range of float16 become infinite.
 *
 * @param bytes Whole values of type `dtype`. They may start at any offset.
 * @returns Values of `type`. They may share memory with `bytes`: do not write.
 */
export function convertFloats(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: SafetensorsDtype,
  type: FloatType,
): Uint8Array<ArrayBuffer> {
  if ((dtype === "F32" && type === "float32") || (dtype === "F16" && type === "float16")) {
    return bytes;
  }
  const values = valuesOf(bytes, dtype);
  const converted = type === "float32" ? new Float32Array(values) : new Float16Array(values);
  return new Uint8Array(converted.buffer);
}

/**
 * Converts stored 8-bit values and multiplies them by the scale of their row.
 *
 * @param bytes Values of type `dtype`: a range of a tensor whose rows have `rowSize` values.
 * @param scales One scale for each row.
 * @param options.start Index of the first value in the tensor.
 */
export function dequantizeRows(
  bytes: Uint8Array<ArrayBuffer>,
  scales: Float32Array,
  options: {
    readonly dtype: SafetensorsDtype;
    readonly start: number;
    readonly rowSize: number;
    readonly type: FloatType;
  },
): Uint8Array<ArrayBuffer> {
  const { dtype, start, rowSize, type } = options;
  const values = valuesOf(bytes, dtype);
  const converted = type === "float32"
    ? new Float32Array(values.length)
    : new Float16Array(values.length);
  let row = Math.floor(start / rowSize);
  let i = 0;
  while (i < values.length) {
    const scale = scales[row]!;
    const end = Math.min(values.length, (row + 1) * rowSize - start);
    for (; i < end; i++) converted[i] = values[i]! * scale;
    row++;
  }
  return new Uint8Array(converted.buffer);
}

type Values = ArrayLike<number> & Iterable<number>;

function valuesOf(bytes: Uint8Array<ArrayBuffer>, dtype: SafetensorsDtype): Values {
  const size = bytesPerValue(dtype);
  const aligned = alignBytes(bytes, size);
  const { buffer, byteOffset } = aligned;
  const length = aligned.byteLength / size;
  switch (dtype) {
    case "F64":
      return new Float64Array(buffer, byteOffset, length);
    case "F32":
      return new Float32Array(buffer, byteOffset, length);
    case "F16":
      return new Float16Array(buffer, byteOffset, length);
    case "BF16":
      return fromBfloat16(new Uint16Array(buffer, byteOffset, length));
    case "I64":
      return Float64Array.from(new BigInt64Array(buffer, byteOffset, length), Number);
    case "I32":
      return new Int32Array(buffer, byteOffset, length);
    case "I16":
      return new Int16Array(buffer, byteOffset, length);
    case "I8":
      return new Int8Array(buffer, byteOffset, length);
    case "U64":
      return Float64Array.from(new BigUint64Array(buffer, byteOffset, length), Number);
    case "U32":
      return new Uint32Array(buffer, byteOffset, length);
    case "U16":
      return new Uint16Array(buffer, byteOffset, length);
    case "U8":
    case "BOOL":
      return aligned;
    case "F8_E4M3":
    case "F8_E5M2":
      return fromFloat8(aligned, dtype);
  }
}

/** A bfloat16 is the upper half of a float32. */
function fromBfloat16(patterns: Uint16Array): Float32Array {
  const bits = new Uint32Array(patterns.length);
  for (let i = 0; i < bits.length; i++) bits[i] = patterns[i]! << 16;
  return new Float32Array(bits.buffer);
}
