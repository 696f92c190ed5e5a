import { decode } from "npm:tiff@7.1.3";
import { Image } from "./image.ts";

// Photometric interpretations. Source: TIFF 6.0, tag 262.
const WHITE_IS_ZERO = 0;
const BLACK_IS_ZERO = 1;
const PALETTE = 3;

/**
 * Reads the first page of a TIFF file: gray, RGB or palette, 1, 8 or 16 bits, with or without alpha.
 *
 * @throws {RangeError} If the file ends early, with the bare reason as its message.
 * @throws {Error} If its compression or its samples are not supported.
 */
export function decodeTiff(bytes: Uint8Array): Image {
  const page = decode(bytes, { pages: [0] })[0]!;
  const { data, samplesPerPixel, palette, type, bitsPerSample } = page;
  const ends = page.stripOffsets?.map((start, i) => start + (page.stripByteCounts[i] ?? 0)) ?? [];
  if (Math.max(0, ...ends) > bytes.length) throw new RangeError("its pixels end early");
  if (data instanceof Float32Array || data instanceof Float64Array) {
    throw new TypeError("expected integer samples, got floating point");
  }
  const image = new Image(page);
  const top = 2 ** bitsPerSample - 1;
  const isGray = type === WHITE_IS_ZERO || type === BLACK_IS_ZERO;
  const colors = isGray || type === PALETTE ? 1 : 3;
  const hasAlpha = samplesPerPixel > colors;
  for (let i = 0; i < page.width * page.height; i++) {
    const from = i * samplesPerPixel;
    for (let c = 0; c < 3; c++) {
      const sample = data[from + (colors === 1 ? 0 : c)]!;
      // Palette entries have 16 bits.
      image.data[i * 4 + c] = type === PALETTE
        ? Math.round(palette![sample]![c]! / 257)
        : Math.round((sample * 255) / top);
    }
    image.data[i * 4 + 3] = hasAlpha ? Math.round((data[from + colors]! * 255) / top) : 255;
  }
  return image;
}
