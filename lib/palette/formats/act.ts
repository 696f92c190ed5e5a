import { viewOf } from "../../image/byte_view.ts";
import type { Palette } from "../palette.ts";
import { createPalette, PaletteError, type PaletteFormat } from "../palette_format.ts";

/** 256 colors of three bytes. */
const TABLE = 768;
/** The table, then the number of colors and the index of the transparent color, 16 bits each. */
const WITH_COUNT = TABLE + 4;
const NO_TRANSPARENT_COLOR = 0xffff;

/**
 * Adobe's color tables, which Photoshop saves for indexed images. A transparent color is left out,
 * with a note. Files without a number of colors hold 256.
 *
 * Source: Adobe Photoshop File Formats Specification, "Color Table".
 */
export const ACT: PaletteFormat = {
  name: "Adobe color table",
  extensions: [".act"],
  isBinary: true,
  read: readAct,
  write: writeAct,
};

function readAct(bytes: Uint8Array, name: string): Palette {
  if (bytes.length !== TABLE && bytes.length !== WITH_COUNT) {
    throw new PaletteError(
      name,
      `expected an Adobe color table of ${TABLE} or ${WITH_COUNT} bytes, got ${bytes.length}`,
    );
  }
  const view = viewOf(bytes);
  const count = bytes.length === TABLE ? 256 : view.getUint16(TABLE);
  const transparent = bytes.length === TABLE ? NO_TRANSPARENT_COLOR : view.getUint16(TABLE + 2);
  if (count > 256) throw new PaletteError(name, `expected at most 256 colors, got ${count}`);
  const colors = Array.from({ length: count }, (_, i) => [...bytes.subarray(i * 3, i * 3 + 3)])
    .filter((_, i) => i !== transparent);
  const notes = colors.length === count
    ? []
    : [`Palette "${name}": its transparent color, number ${transparent + 1}, is left out`];
  return createPalette(name, colors.flat(), notes);
}

function writeAct(palette: Palette): Uint8Array<ArrayBuffer> {
  if (palette.size > 256) {
    throw new RangeError(
      `Cannot write palette "${palette.name}" as an Adobe color table: expected at most 256 ` +
        `colors, got ${palette.size}`,
    );
  }
  const bytes = new Uint8Array(WITH_COUNT);
  bytes.set(palette.colors);
  const view = viewOf(bytes);
  view.setUint16(TABLE, palette.size);
  view.setUint16(TABLE + 2, NO_TRANSPARENT_COLOR);
  return bytes;
}
