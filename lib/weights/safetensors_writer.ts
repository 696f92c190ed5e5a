import { shapeSize } from "../../kernels/gpu/shape_size.ts";

/** A tensor to be written: its type is that of the array. */
export interface TensorToWrite {
  /** Sides, outermost first; none for a single value. */
  readonly shape: readonly number[];
  /** Values, innermost side fastest. */
  readonly data: Float32Array | Uint32Array | Int32Array | Uint8Array;
}

/** The header is padded so that data begins at a multiple of this, in bytes. */
const ALIGNMENT = 8;

/**
 * Writes tensors as a safetensors file, in the order given; those of bytes go last.
 *
 * Source: https://github.com/huggingface/safetensors, "Format".
 *
 * @param metadata Texts by name, stored as "__metadata__".
 * @throws {RangeError} If the data of a tensor does not fit its shape.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, TensorToWrite>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header["__metadata__"] = metadata;
  // Bytes last keeps every tensor of 4-byte values at a multiple of 4.
  const entries = Object.entries(tensors).sort(([, a], [, b]) =>
    b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT
  );
  let byteLength = 0;
  for (const [key, { shape, data }] of entries) {
    const size = shapeSize(shape);
    if (size !== data.length) {
      throw new RangeError(
        `Cannot write tensor "${key}" of shape [${shape.join(", ")}]: ` +
          `expected ${size} values, got ${data.length}`,
      );
    }
    const end = byteLength + data.byteLength;
    header[key] = { dtype: dtypeOf(data), shape, data_offsets: [byteLength, end] };
    byteLength = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const file = new Uint8Array(8 + headerLength + byteLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, 8 + headerLength).set(text, 8);
  let offset = 8 + headerLength;
  for (const [, { data }] of entries) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

function dtypeOf(data: TensorToWrite["data"]): "F32" | "U32" | "I32" | "U8" {
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Uint32Array) return "U32";
  return data instanceof Int32Array ? "I32" : "U8";
}
