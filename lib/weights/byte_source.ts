/** Bytes that are read on demand: a file, or memory. */
export interface ByteSource {
  /** What is read, for error messages: a path or an address. */
  readonly name: string;
  /** Size, in bytes. */
  readonly byteLength: number;
  /**
   * Reads a range.
   *
   * @param offset Start of the range, in bytes from the beginning.
   * @param length Size of the range, in bytes.
   * @returns Exactly `length` bytes; they may share memory with the source, so they are not written.
   * @throws {RangeError} If the range does not lie inside the source.
   */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
  /** Releases what is held. Reading afterwards is an error. */
  close(): void;
}

/** Creates a source over bytes in memory. The bytes are borrowed, not copied. */
export function memorySource(bytes: Uint8Array<ArrayBuffer>, name: string): ByteSource {
  return {
    name,
    byteLength: bytes.byteLength,
    read(offset, length) {
      checkRange(this, offset, length);
      return bytes.subarray(offset, offset + length);
    },
    close() {},
  };
}

/** Throws a RangeError if a range does not lie inside a source. */
export function checkRange(source: ByteSource, offset: number, length: number): void {
  const end = offset + length;
  if (offset >= 0 && length >= 0 && end <= source.byteLength) return;
  throw new RangeError(
    `Cannot read bytes ${offset} to ${end} of "${source.name}": ` +
      `expected a range inside its ${source.byteLength} bytes`,
  );
}
