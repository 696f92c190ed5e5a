import { type ByteSource, checkRange } from "./byte_source.ts";

/** A file of which only the beginning is known; all bytes behind it read as zero. */
export class HeaderSource implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly #start: Uint8Array<ArrayBuffer>;

  /** @param start First bytes: the header. */
  constructor(name: string, byteLength: number, start: Uint8Array<ArrayBuffer>) {
    this.name = name;
    this.byteLength = byteLength;
    this.#start = start;
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    checkRange(this, offset, length);
    const bytes = new Uint8Array(length);
    bytes.set(this.#start.subarray(offset, offset + length));
    return bytes;
  }

  close(): void {}
}
