import { hasBytes, viewOf } from "../../image/byte_view.ts";
import { excerpt } from "../../text/visible_text.ts";
import type { Palette } from "../palette.ts";
import { createPalette, PaletteError, type PaletteFormat } from "../palette_format.ts";

const SIGNATURE = "ASEF";
const COLOR_BLOCK = 0x0001;
/** Kind of a color: a process color, neither global nor spot. */
const NORMAL = 2;
/** Signature, version and number of blocks. */
const HEADER_LENGTH = 12;

/**
 * Adobe Swatch Exchange: colors with names, in big-endian blocks. Groups are ignored.
 *
 * RGB and gray are read as sRGB. CMYK is converted without a profile, with a note; Lab is refused.
 *
 * Source: https://web.archive.org/web/2023/http://www.selapa.net/swatches/colors/fileformats.php.
 */
export const ASE: PaletteFormat = {
  name: "Adobe swatch exchange",
  extensions: [".ase"],
  sniff: (bytes) => hasBytes(bytes, 0, SIGNATURE),
  read: readAse,
  write: writeAse,
};

function readAse(bytes: Uint8Array, name: string): Palette {
  if (!hasBytes(bytes, 0, SIGNATURE)) {
    throw new PaletteError(name, `expected an Adobe swatch file, which begins with ${SIGNATURE}`);
  }
  const colors: number[] = [];
  let isCmyk = false;
  try {
    const view = viewOf(bytes);
    let offset = HEADER_LENGTH;
    // Some programs do not count the blocks in groups: at least these must be there.
    for (let blocks = 0; offset < bytes.length || blocks < view.getUint32(8); blocks++) {
      if (view.getUint16(offset) === COLOR_BLOCK) {
        const { model, rgb } = readColor(view, offset + 6, name);
        isCmyk ||= model === "CMYK";
        colors.push(...rgb);
      }
      offset += 6 + view.getUint32(offset + 2);
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new PaletteError(name, "the Adobe swatch file ends early");
  }
  const note = `Palette "${name}": its CMYK colors are converted without a color profile`;
  return createPalette(name, colors, isCmyk ? [note] : []);
}

/** Reads a color block behind its type and length: name, model, and a float each channel. */
function readColor(view: DataView, start: number, name: string) {
  const end = start + 2 + view.getUint16(start) * 2;
  const model = String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(end + i))).trim();
  const channel = (i: number) => view.getFloat32(end + 4 + i * 4);
  switch (model.toUpperCase()) {
    case "RGB":
      return { model, rgb: [0, 1, 2].map((i) => toByte(channel(i))) };
    case "GRAY":
      return { model, rgb: [0, 0, 0].map((i) => toByte(channel(i))) };
    case "CMYK":
      return { model, rgb: [0, 1, 2].map((i) => toByte((1 - channel(i)) * (1 - channel(3)))) };
    default:
      throw new PaletteError(
        name,
        `expected colors in RGB, CMYK or gray, got ${excerpt(model)}`,
      );
  }
}

function toByte(value: number): number {
  return value > 0 ? Math.min(255, Math.round(value * 255)) : 0;
}

function writeAse(palette: Palette): Uint8Array<ArrayBuffer> {
  // The name is "#rrggbb" and a zero, in UTF-16.
  const nameLength = 8;
  const block = 6 + 2 + nameLength * 2 + 4 + 3 * 4 + 2;
  const bytes = new Uint8Array(HEADER_LENGTH + palette.size * block);
  const view = viewOf(bytes);
  writeText(bytes, 0, SIGNATURE);
  view.setUint16(4, 1);
  view.setUint32(8, palette.size);
  for (let i = 0; i < palette.size; i++) {
    const start = HEADER_LENGTH + i * block;
    view.setUint16(start, COLOR_BLOCK);
    view.setUint32(start + 2, block - 6);
    view.setUint16(start + 6, nameLength);
    for (const [at, letter] of [...`#${palette.hexAt(i)}`].entries()) {
      view.setUint16(start + 8 + at * 2, letter.charCodeAt(0));
    }
    const model = start + 8 + nameLength * 2;
    writeText(bytes, model, "RGB ");
    for (const [c, value] of palette.at(i).entries()) {
      view.setFloat32(model + 4 + c * 4, value / 255);
    }
    view.setUint16(model + 16, NORMAL);
  }
  return bytes;
}

function writeText(bytes: Uint8Array, offset: number, text: string): void {
  for (const [i, letter] of [...text].entries()) bytes[offset + i] = letter.charCodeAt(0);
}
