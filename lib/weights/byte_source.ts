/** Bytes that are read on demand, from a file or from memory. */
export interface ByteSource {
  /** Path or address, for error messages. */
  readonly name: string;
  /** Size, in bytes. */
  readonly byteLength: number;
  /**
   * Reads a range.
   *
   * @param offset Start of the range, in bytes from the beginning.
   * @param length Size of the range, in bytes.
   * @returns Exactly `length` bytes. They may share memory with the source: do not write.
   * @throws {RangeError} If the range is not inside the source.
   */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
  /** Closes the source. Reading afterwards is an error. */
  close(): void;
}

/** Creates a source over bytes in memory, which are not copied. */
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

/** Throws a RangeError if a range is not inside a source. */
export function checkRange(source: ByteSource, offset: number, length: number): void {
  const end = offset + length;
  if (offset >= 0 && length >= 0 && end <= source.byteLength) return;
  throw new RangeError(
    `Cannot read bytes ${offset} to ${end} of "${source.name}": ` +
      `expected a range inside its ${source.byteLength} bytes`,
  );
}
