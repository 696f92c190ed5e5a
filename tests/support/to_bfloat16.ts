/** Returns the nearest bfloat16 of each value, ties to even, as 16-bit patterns. */
export function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (x) => {
    // A NaN must stay one: rounding up could carry into the exponent.
    if ((x & 0x7fffffff) > 0x7f800000) return (x >>> 16) | 0x40;
    return (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
  });
}
