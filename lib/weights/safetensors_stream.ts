import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import { bytesPerFloat, type FloatType } from "./float16.ts";
import type { WeightEntry } from "./weight_source.ts";

/** The header is padded so that data begins at a multiple of this, in bytes. */
const ALIGNMENT = 8;

/** Bytes that are made at a time. */
const CHUNK_BYTES = 2 ** 23;

/**
 * Writes weights as a safetensors file, piece by piece: a file may be larger than the memory.
 *
 * Source: https://github.com/huggingface/safetensors, "Format".
 *
 * @param type Type in which all are stored.
 * @returns Pieces of at most 8 MB after the header, in the order of the file.
 */
export function* streamSafetensors(
  entries: readonly WeightEntry[],
  type: FloatType,
): Generator<Uint8Array<ArrayBuffer>> {
  yield encodeHeader(entries, type);
  const step = CHUNK_BYTES / bytesPerFloat(type);
  for (const entry of entries) {
    const size = shapeSize(entry.shape);
    for (let start = 0; start < size; start += step) {
      yield entry.read(type, start, Math.min(step, size - start));
    }
  }
}

function encodeHeader(entries: readonly WeightEntry[], type: FloatType): Uint8Array<ArrayBuffer> {
  const dtype = type === "float16" ? "F16" : "F32";
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const entry of entries) {
    const begin = end;
    end += shapeSize(entry.shape) * bytesPerFloat(type);
    header[entry.key] = { dtype, shape: entry.shape, data_offsets: [begin, end] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return bytes;
}
