const encoder = new TextEncoder();

/**
 * Writes a message in the protocol buffers wire format.
 *
 * Source: https://protobuf.dev/programming-guides/encoding.
 */
export class ProtoWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** Writes an integer field; negative values as 64-bit two's complement. */
  integer(field: number, value: number | bigint): this {
    this.#varint(field << 3);
    if (value < 0) this.#varint64(BigInt.asUintN(64, BigInt(value)));
    else if (typeof value === "bigint") this.#varint64(value);
    else this.#varint(value);
    return this;
  }

  /** Writes a 32-bit floating-point field. */
  float(field: number, value: number): this {
    this.#varint((field << 3) | 5);
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  /** Writes a 64-bit floating-point field. */
  double(field: number, value: number): this {
    this.#varint((field << 3) | 1);
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
    return this;
  }

  /** Writes a text field. */
  text(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  /** Writes a field of bytes. */
  bytes(field: number, value: Uint8Array): this {
    this.#varint((field << 3) | 2);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** Writes a nested message. */
  message(field: number, write: (writer: ProtoWriter) => void): this {
    const writer = new ProtoWriter();
    write(writer);
    return this.bytes(field, writer.finish());
  }

  /** Returns the message. It shares memory with the writer, which must not be used afterwards. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    // Not a shift, which would cut the number to 32 bits.
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  #varint64(value: bigint): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
