import type { WeightBits } from "../../../../lib/onnx/rewrite/quantize_blocks.ts";
import { quantizeWeight } from "../../../../lib/onnx/rewrite/quantized_weight.ts";
import type { FloatType } from "../../../../lib/weights/float16.ts";
import type { WeightEntry } from "../../../../lib/weights/weight_source.ts";

/** Returns the values of bytes that hold float32. */
export function floats(bytes: Uint8Array<ArrayBuffer>): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}

/** Dequantizes the stored values of a weight by the definition of MatMulNBits. */
export function dequantize(
  entry: WeightEntry,
  bits: WeightBits,
  scaleType: FloatType,
): Float64Array {
  const { packed, scales } = quantizeWeight(entry, { bits, scaleType });
  const bytes = packed.readBytes(0, entry.shape[0]! * entry.shape[1]! * bits / 8);
  const factors = floats(scales.read("float32"));
  return Float64Array.from({ length: entry.shape[0]! * entry.shape[1]! }, (_, i) => {
    const factor = factors[Math.floor(i / 32)]!;
    if (bits === 8) return factor * (bytes[i]! - 128);
    const byte = bytes[i >> 1]!;
    return factor * ((i % 2 === 0 ? byte & 15 : byte >> 4) - 8);
  });
}
