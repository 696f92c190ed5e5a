import { excerpt } from "../../text/visible_text.ts";
import type { Palette } from "../palette.ts";
import { alphaNote, createPalette, PaletteError, type PaletteFormat } from "../palette_format.ts";
import { decodePaletteText, paletteLines, parseRgbLine } from "./palette_text.ts";

const HEADER = "GIMP Palette";

/**
 * GIMP's format, which Krita, Inkscape and Aseprite write, too: red, green, blue and a name a line.
 *
 * Names of colors are left out, and the alpha of Aseprite's "Channels: RGBA".
 *
 * Source: https://developer.gimp.org/core/standards/gpl.
 */
export const GPL: PaletteFormat = {
  name: "GIMP palette",
  extensions: [".gpl"],
  sniff: (bytes) => decodePaletteText(bytes.subarray(0, 64)).trimStart().startsWith(HEADER),
  read: readGpl,
  write: writeGpl,
};

function readGpl(bytes: Uint8Array, name: string): Palette {
  const [first, ...lines] = paletteLines(decodePaletteText(bytes).trimStart(), name);
  if (!first!.startsWith(HEADER)) {
    throw new PaletteError(name, `line 1: expected "${HEADER}", got "${excerpt(first!)}"`);
  }
  const hasAlpha = lines.some((line) => /^Channels:\s*RGBA$/i.test(line));
  const colors: number[] = [];
  for (const [i, line] of lines.entries()) {
    if (line === "" || line.startsWith("#") || /^(Name|Columns|Channels):/i.test(line)) continue;
    const color = parseRgbLine(line);
    if (color === undefined) {
      const expected = "expected red, green and blue from 0 to 255";
      throw new PaletteError(name, `line ${i + 2}: ${expected}, got "${excerpt(line)}"`);
    }
    colors.push(...color);
  }
  return createPalette(name, colors, hasAlpha ? [alphaNote(name)] : []);
}

function writeGpl(palette: Palette): string {
  const rows = Array.from({ length: palette.size }, (_, i) => {
    const values = palette.at(i).map((value) => String(value).padStart(3));
    return `${values.join(" ")}\t#${palette.hexAt(i)}`;
  });
  // A name of several lines would end the header.
  const name = palette.name.replaceAll(/\s+/g, " ");
  return [HEADER, `Name: ${name}`, "#", ...rows, ""].join("\n");
}
