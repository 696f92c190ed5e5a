/** Returns whether bytes at an offset are those of a text of characters up to U+00FF. */
export function hasBytes(bytes: Uint8Array, offset: number, text: string): boolean {
  return [...text].every((letter, i) => bytes[offset + i] === letter.charCodeAt(0));
}

/** Returns a view of bytes; reads past its end throw RangeError, which means "ends early". */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
