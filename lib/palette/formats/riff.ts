import { hasBytes, viewOf } from "../../image/byte_view.ts";
import type { Palette } from "../palette.ts";
import { createPalette, PaletteError, type PaletteFormat } from "../palette_format.ts";

/**
 * The palette files of Windows, read only: RIFF with one "data" chunk, which holds a version, the
 * number of colors, and red, green, blue and flags a color.
 *
 * Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", 1991.
 */
export const RIFF: PaletteFormat = {
  name: "Windows palette",
  extensions: [".pal"],
  sniff: (bytes) => hasBytes(bytes, 0, "RIFF") && hasBytes(bytes, 8, "PAL "),
  read: readRiff,
};

function readRiff(bytes: Uint8Array, name: string): Palette {
  const view = viewOf(bytes);
  let offset = 12;
  while (offset + 8 <= bytes.length && !hasBytes(bytes, offset, "data")) {
    // Chunks start at even offsets.
    const length = view.getUint32(offset + 4, true);
    offset += 8 + length + length % 2;
  }
  if (offset + 12 > bytes.length) throw new PaletteError(name, 'expected a "data" chunk');
  const count = view.getUint16(offset + 10, true);
  const start = offset + 12;
  if (start + count * 4 > bytes.length) {
    throw new PaletteError(name, `expected ${count} colors, but the file ends early`);
  }
  const colors = Array.from(
    { length: count },
    (_, i) => [...bytes.subarray(start + i * 4, start + i * 4 + 3)],
  );
  return createPalette(name, colors.flat());
}
