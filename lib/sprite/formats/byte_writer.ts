/** Collects little-endian values. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  /** Appends one byte. */
  uint8(value: number): this {
    this.#bytes.push(value & 255);
    return this;
  }

  /** Appends two bytes. */
  uint16(value: number): this {
    return this.uint8(value).uint8(value >> 8);
  }

  /** Appends four bytes. */
  uint32(value: number): this {
    return this.uint16(value).uint16(value >>> 16);
  }

  /** Appends bytes as they are. */
  bytes(...parts: readonly ArrayLike<number>[]): this {
    for (const part of parts) for (let i = 0; i < part.length; i++) this.#bytes.push(part[i]!);
    return this;
  }

  /** Appends zero bytes. */
  zeros(count: number): this {
    for (let i = 0; i < count; i++) this.#bytes.push(0);
    return this;
  }

  /** Appends the length of a text in bytes, then its UTF-8. */
  text(value: string): this {
    const encoded = new TextEncoder().encode(value);
    return this.uint16(encoded.length).bytes(encoded);
  }

  /** Returns the bytes so far; the caller owns them. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}
