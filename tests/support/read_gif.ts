import assert from "node:assert/strict";

/** An animated GIF with composited frames. */
export interface ReadGif {
  readonly height: number;
  readonly width: number;
  /** Color table, 8-bit sRGB. */
  readonly colors: Uint8Array;
  /** Number of repeats; 0: infinite. */
  readonly repeat: number | undefined;
  readonly frames: readonly GifFrame[];
}

/** One frame. */
export interface GifFrame {
  /** Palette indices, shape [H, W]. */
  readonly indices: Uint8Array;
  /** Duration, in 1/100 s. */
  readonly delay: number;
}

/** Reads a GIF with one color table, without transparency. Source: GIF89a specification. */
export function readGif(bytes: Uint8Array): ReadGif {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  assert.equal(new TextDecoder().decode(bytes.subarray(0, 6)), "GIF89a");
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  assert(bytes[10]! & 128, "there is a global table");
  const count = 2 << (bytes[10]! & 7);
  const colors = bytes.slice(13, 13 + count * 3);
  let offset = 13 + count * 3;
  let repeat: number | undefined;
  let delay = 0;
  const frames: GifFrame[] = [];
  let shown = new Uint8Array(height * width);
  const blocks = () => {
    const parts: number[] = [];
    while (bytes[offset] !== 0) {
      parts.push(...bytes.subarray(offset + 1, offset + 1 + bytes[offset]!));
      offset += 1 + bytes[offset]!;
    }
    offset++;
    return Uint8Array.from(parts);
  };
  for (; bytes[offset] !== 0x3b;) {
    const kind = bytes[offset++];
    if (kind === 0x21) {
      const label = bytes[offset++];
      const data = blocks();
      if (label === 0xff) repeat = data[12]! | (data[13]! << 8);
      if (label !== 0xf9) continue;
      assert.equal(data[0]! & 1, 0, "no transparency");
      delay = data[1]! | (data[2]! << 8);
      continue;
    }
    assert.equal(kind, 0x2c);
    const [left, top, w, h] = [0, 2, 4, 6].map((i) => view.getUint16(offset + i, true));
    assert.equal(bytes[offset + 8], 0, "no local table, no interlacing");
    const codeSize = bytes[offset + 9]!;
    offset += 10;
    const pixels = decodeLzw(blocks(), codeSize);
    assert.equal(pixels.length, w! * h!);
    shown = shown.slice();
    for (let y = 0; y < h!; y++) {
      shown.set(pixels.subarray(y * w!, (y + 1) * w!), (top! + y) * width + left!);
    }
    frames.push({ indices: shown, delay });
  }
  assert.equal(offset, bytes.length - 1, "the trailer is the last byte");
  return { height, width, colors, repeat, frames };
}

function decodeLzw(data: Uint8Array, codeSize: number): Uint8Array {
  const clear = 1 << codeSize;
  const base = () => Array.from({ length: clear + 2 }, (_, i) => i < clear ? [i] : []);
  let table: number[][] = base();
  let bits = codeSize + 1;
  let previous: number[] | undefined;
  const out: number[] = [];
  for (let bit = 0; bit + bits <= data.length * 8;) {
    let code = 0;
    for (let i = 0; i < bits; i++, bit++) code |= ((data[bit >> 3]! >> (bit & 7)) & 1) << i;
    if (code === clear) {
      table = base();
      bits = codeSize + 1;
      previous = undefined;
      continue;
    }
    if (code === clear + 1) return Uint8Array.from(out);
    const entry: number[] = table[code] ?? [...previous!, previous![0]!];
    for (const value of entry) out.push(value);
    if (previous !== undefined && table.length < 4096) table.push([...previous, entry[0]!]);
    if (table.length === 1 << bits && bits < 12) bits++;
    previous = entry;
  }
  throw new Error("Cannot read GIF: expected an end code, got none");
}
