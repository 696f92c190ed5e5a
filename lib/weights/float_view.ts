/**
 * Returns bytes over which a typed array can be created: the bytes themselves, or a copy.
 *
 * A typed array starts at a multiple of its value size. Tensors of a file start anywhere.
 *
 * @param size Bytes of a value: 1, 2, 4 or 8.
 */
export function alignBytes(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
): Uint8Array<ArrayBuffer> {
  return bytes.byteOffset % size === 0 ? bytes : bytes.slice();
}

/**
 * Views bytes as float32 values.
 *
 * @param bytes Whole float32 values, little-endian. They may start at any offset.
 * @returns Values that may share memory with `bytes`: do not write.
 */
export function floatView(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = alignBytes(bytes, 4);
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}
