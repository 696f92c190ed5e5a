import { excerpt } from "../../text/visible_text.ts";
import type { Palette } from "../palette.ts";
import { createPalette, PaletteError, type PaletteFormat } from "../palette_format.ts";
import { decodePaletteText, paletteLines, parseRgbLine } from "./palette_text.ts";

const HEADER = "JASC-PAL";
const VERSION = "0100";

/**
 * Paint Shop Pro's format, which Aseprite, GraphicsGale and Lospec write, too: a header of three
 * lines with the number of colors, then red, green and blue a line.
 *
 * Source: https://liero.nl/lierohack/docformats/other-jasc.html.
 */
export const JASC: PaletteFormat = {
  name: "JASC palette",
  extensions: [".pal"],
  sniff: (bytes) => decodePaletteText(bytes.subarray(0, 64)).trimStart().startsWith(HEADER),
  read: readJasc,
  write: writeJasc,
};

function readJasc(bytes: Uint8Array, name: string): Palette {
  const lines = paletteLines(decodePaletteText(bytes).trimStart(), name);
  const [header, , count] = lines;
  if (header !== HEADER) {
    throw new PaletteError(name, `line 1: expected "${HEADER}", got "${excerpt(header!)}"`);
  }
  const colors: number[] = [];
  for (const [i, line] of lines.slice(3).entries()) {
    if (line === "") continue;
    const color = parseRgbLine(line);
    if (color === undefined) {
      const expected = "expected red, green and blue from 0 to 255";
      throw new PaletteError(name, `line ${i + 4}: ${expected}, got "${excerpt(line)}"`);
    }
    colors.push(...color);
  }
  const found = colors.length / 3;
  const notes = Number(count) === found
    ? []
    : [`Palette "${name}": its header tells ${excerpt(count ?? "no")} colors, it has ${found}`];
  return createPalette(name, colors, notes);
}

/** Line ends are those of Windows, where the format is from. */
function writeJasc(palette: Palette): string {
  const rows = Array.from({ length: palette.size }, (_, i) => palette.at(i).join(" "));
  return [HEADER, VERSION, String(palette.size), ...rows, ""].join("\r\n");
}
