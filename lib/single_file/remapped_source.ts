import { type ByteSource, checkRange } from "../weights/byte_source.ts";
import { bytesPerValue, type SafetensorsHeader } from "../weights/safetensors.ts";
import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import type { MappedTensor } from "./tensor_list.ts";

/** A range of the virtual file: bytes of the real file, or bytes that are made on demand. */
interface Segment {
  readonly start: number;
  readonly byteLength: number;
  /** Start in the real file; undefined for made bytes. */
  readonly offset?: number;
  /** Makes the bytes. */
  readonly make?: () => Uint8Array<ArrayBuffer>;
}

/**
 * A safetensors file with other names over the tensors of a real one. Nothing is copied: reads go
 * to the real file. Parts of fused tensors are ranges of it. A transposed matrix is made when it is
 * read, and kept.
 */
export class RemappedSource implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly #source: ByteSource;
  readonly #segments: readonly Segment[];

  /**
   * Wraps an open file.
   *
   * @param source Owned by this source from here on, and closed with it.
   * @param header Header of the file.
   * @param tensors Tensors of the virtual file.
   */
  constructor(source: ByteSource, header: SafetensorsHeader, tensors: readonly MappedTensor[]) {
    this.name = source.name;
    this.#source = source;
    const entries: Record<string, unknown> = {};
    const data: Omit<Segment, "start">[] = [];
    let end = 0;
    for (const tensor of tensors) {
      const segment = segmentOf(source, header, tensor);
      const { dtype } = header.tensors.get(tensor.from)!;
      const data_offsets = [end, end + segment.byteLength];
      entries[tensor.key] = { dtype, shape: tensor.shape, data_offsets };
      end += segment.byteLength;
      data.push(segment);
    }
    const head = encodeHeader(entries);
    const segments: Segment[] = [{ start: 0, byteLength: head.byteLength, make: () => head }];
    let start = head.byteLength;
    for (const segment of data) {
      segments.push({ ...segment, start });
      start += segment.byteLength;
    }
    this.#segments = segments;
    this.byteLength = start;
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    checkRange(this, offset, length);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let position = offset;
    for (let i = this.#indexOf(offset); position < offset + length; i++) {
      const segment = this.#segments[i]!;
      const from = position - segment.start;
      const count = Math.min(segment.byteLength - from, offset + length - position);
      if (count > 0) parts.push(this.#readSegment(segment, from, count));
      position += count;
    }
    if (parts.length === 1) return parts[0]!;
    const joined = new Uint8Array(length);
    let filled = 0;
    for (const part of parts) {
      joined.set(part, filled);
      filled += part.byteLength;
    }
    return joined;
  }

  close(): void {
    this.#source.close();
  }

  #readSegment({ offset, make }: Segment, from: number, count: number): Uint8Array<ArrayBuffer> {
    if (make) return make().subarray(from, from + count);
    return this.#source.read(offset! + from, count);
  }

  /** Returns the index of the last segment that starts at or before an offset. */
  #indexOf(offset: number): number {
    let [low, high] = [0, this.#segments.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#segments[middle]!.start <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function segmentOf(
  source: ByteSource,
  header: SafetensorsHeader,
  { shape, from, firstRow = 0, isTransposed }: MappedTensor,
): Omit<Segment, "start"> {
  const { dtype, offset, byteLength, shape: stored } = header.tensors.get(from)!;
  const size = bytesPerValue(dtype);
  if (isTransposed) {
    let made: Uint8Array<ArrayBuffer> | undefined;
    const make = () => made ??= transpose(source.read(offset, byteLength), stored, size);
    return { byteLength, make };
  }
  const rowBytes = shapeSize(stored.slice(1)) * size;
  return { offset: offset + firstRow * rowBytes, byteLength: shapeSize(shape) * size };
}

/** Exchanges rows and columns of values of `size` bytes. */
function transpose(
  bytes: Uint8Array<ArrayBuffer>,
  [rows = 0, columns = 0]: readonly number[],
  size: number,
): Uint8Array<ArrayBuffer> {
  const turned = new Uint8Array(bytes.byteLength);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = (row * columns + column) * size;
      turned.set(bytes.subarray(from, from + size), (column * rows + row) * size);
    }
  }
  return turned;
}

function encodeHeader(entries: Readonly<Record<string, unknown>>): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(entries));
  const header = new Uint8Array(8 + text.byteLength);
  new DataView(header.buffer).setBigUint64(0, BigInt(text.byteLength), true);
  header.set(text, 8);
  return header;
}
