/** Draws numbers in [0, 1) from a seed (splitmix32). */
export function seededUniforms(seed: number): () => number {
  let counter = seed | 0;
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let bits = counter ^ (counter >>> 16);
    bits = Math.imul(bits, 0x21f0aaad);
    bits ^= bits >>> 15;
    bits = Math.imul(bits, 0x735a2d97);
    bits ^= bits >>> 15;
    return (bits >>> 0) / 2 ** 32;
  };
}

const EXTREMES = [0, 1, 127, 128, 254, 255];

/**
 * Damages a file in one to eight places: a byte, an extreme byte, a cut, a copy of another part, or
 * four bytes of ones. Half of the damage is near the beginning, where headers are.
 *
 * @param random Numbers in [0, 1).
 */
export function mutate(file: Uint8Array, random: () => number): Uint8Array<ArrayBuffer> {
  let bytes = Uint8Array.from(file);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let count = 1 + below(8); count > 0; count--) {
    const at = Math.floor(random() ** (random() < 0.5 ? 3 : 1) * bytes.length);
    const kind = random();
    if (kind < 0.5) bytes[at] = below(256);
    else if (kind < 0.7) bytes[at] = EXTREMES[below(EXTREMES.length)]!;
    else if (kind < 0.8) bytes = bytes.slice(0, at + 1);
    else if (kind < 0.9) bytes.copyWithin(below(bytes.length), at, at + 16);
    else bytes.fill(255, at, at + 4);
  }
  return bytes;
}
