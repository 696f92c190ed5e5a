import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import { bytesPerFloat, type FloatType } from "./float16.ts";
import { bytesPerValue, type SafetensorsDtype } from "./safetensors.ts";
import type { WeightEntry } from "./weight_source.ts";

/** A tensor to write. Its stored type is that of the array. */
export interface TensorToWrite {
  /** Dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Values, row-major. */
  readonly data: Float32Array | Uint32Array | Int32Array | Uint8Array;
}

/** Data begins at a multiple of this many bytes; the header is padded. */
const ALIGNMENT = 8;

/** Maximum size of a streamed chunk, in bytes. */
const CHUNK_BYTES = 2 ** 23;

/**
 * Encodes tensors as a safetensors file in memory.
 *
 * The order is that of the record, except that byte tensors go last: that keeps every tensor of
 * 4-byte values at a multiple of 4.
 *
 * @param metadata Texts by name, stored as "__metadata__".
 * @throws {RangeError} If a tensor's data does not fit its shape.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, TensorToWrite>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(tensors).sort(([, a], [, b]) =>
    b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT
  );
  for (const [key, tensor] of entries) checkSize(key, tensor);
  const header = encodeHeader(
    entries.map(([key, { shape, data }]) => ({ key, shape, dtype: dtypeOf(data) })),
    metadata,
  );
  const byteLength = entries.reduce((sum, [, { data }]) => sum + data.byteLength, 0);
  const file = new Uint8Array(header.byteLength + byteLength);
  file.set(header);
  let offset = header.byteLength;
  for (const [, { data }] of entries) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

/**
 * Encodes weights as a safetensors file in chunks: the file may be larger than memory.
 *
 * @param type Type in which all values are stored.
 * @returns The header, then chunks of at most 8 MB, in the order of the file.
 */
export function* streamSafetensors(
  entries: readonly WeightEntry[],
  type: FloatType,
): Generator<Uint8Array<ArrayBuffer>> {
  const dtype = type === "float16" ? "F16" : "F32";
  yield encodeHeader(entries.map(({ key, shape }) => ({ key, shape, dtype })));
  const step = CHUNK_BYTES / bytesPerFloat(type);
  for (const entry of entries) {
    const size = shapeSize(entry.shape);
    for (let start = 0; start < size; start += step) {
      yield entry.read(type, start, Math.min(step, size - start));
    }
  }
}

interface HeaderEntry {
  readonly key: string;
  readonly shape: readonly number[];
  readonly dtype: SafetensorsDtype;
}

/**
 * Encodes the length and the header of a file whose tensors follow each other without gaps.
 *
 * Source: https://github.com/huggingface/safetensors, "Format".
 */
function encodeHeader(
  entries: readonly HeaderEntry[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(["__metadata__", metadata]);
  let end = 0;
  for (const { key, shape, dtype } of entries) {
    const begin = end;
    end += shapeSize(shape) * bytesPerValue(dtype);
    header.push([key, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return bytes;
}

function checkSize(key: string, { shape, data }: TensorToWrite): void {
  const size = shapeSize(shape);
  if (size === data.length) return;
  throw new RangeError(
    `Cannot write tensor "${key}" of shape [${shape.join(", ")}]: ` +
      `expected ${size} values, got ${data.length}`,
  );
}

function dtypeOf(data: TensorToWrite["data"]): SafetensorsDtype {
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Uint32Array) return "U32";
  return data instanceof Int32Array ? "I32" : "U8";
}
