import { decodePng } from "../../image/decode_png.ts";
import { encodePng } from "../../image/encode_png.ts";
import { PNG } from "../../image/formats/png.ts";
import { Image } from "../../image/image.ts";
import type { Palette } from "../palette.ts";
import {
  createPalette,
  MAX_PALETTE_COLORS,
  PaletteError,
  type PaletteFormat,
} from "../palette_format.ts";

/** The maximum number of pixels that are looked through. */
const MAX_PIXELS = 2 ** 22;

/**
 * A PNG image, such as a strip of swatches or a finished picture: its different colors, row by row,
 * as they are stored. Transparent pixels are ignored.
 */
export const PNG_COLORS: PaletteFormat = {
  name: "PNG image",
  extensions: [".png"],
  isShared: true,
  sniff: PNG.sniff,
  read: readPngColors,
  write: writeStrip,
};

function readPngColors(bytes: Uint8Array, name: string): Palette {
  const image = decode(bytes, name);
  const found = new Set<number>();
  for (let i = 0; i < image.data.length; i += 4) {
    const [red, green, blue, alpha] = image.data.subarray(i, i + 4);
    if (alpha! >= 128) found.add(red! << 16 | green! << 8 | blue!);
    if (found.size > MAX_PALETTE_COLORS) {
      throw new PaletteError(
        name,
        `expected a PNG image with at most ${MAX_PALETTE_COLORS} colors, got more`,
      );
    }
  }
  return createPalette(
    name,
    [...found].flatMap((key) => [key >> 16, key >> 8 & 255, key & 255]),
  );
}

function decode(bytes: Uint8Array, name: string): Image {
  try {
    for (const { height, width } of PNG.sizes(bytes)) {
      if (height * width <= MAX_PIXELS) continue;
      throw new SyntaxError(`expected at most ${MAX_PIXELS} pixels, got ${height}x${width}`);
    }
    return decodePng(bytes).image;
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof RangeError)) throw cause;
    const reason = cause instanceof SyntaxError ? cause.message : "it ends early";
    throw new PaletteError(name, `the PNG image cannot be read: ${reason}`);
  }
}

/** One pixel a color, in one row. A color that occurs twice is read once. */
function writeStrip(palette: Palette): Uint8Array<ArrayBuffer> {
  const indices = Array.from({ length: palette.size }, (_, i) => i);
  return encodePng(
    Image.fromIndices({ height: 1, width: palette.size }, indices, palette.colors),
  );
}
