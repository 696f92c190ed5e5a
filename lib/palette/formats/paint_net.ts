import { excerpt } from "../../text/visible_text.ts";
import type { Palette } from "../palette.ts";
import { alphaNote, createPalette, PaletteError, type PaletteFormat } from "../palette_format.ts";
import { parseHex } from "./hex.ts";
import { decodePaletteText, paletteLines } from "./palette_text.ts";

const HEADER = /^;\s*paint\.net/i;

/**
 * Paint.NET's format: a color a line as AARRGGBB or RRGGBB; lines with ";" are comments. A text
 * file without its first line is read as a list of hexadecimal colors.
 *
 * Source: https://www.getpaint.net/doc/latest/WorkingWithPalettes.html.
 */
export const PAINT_NET: PaletteFormat = {
  name: "Paint.NET palette",
  extensions: [".txt"],
  isShared: true,
  sniff: (bytes) => HEADER.test(decodePaletteText(bytes.subarray(0, 64)).trimStart()),
  read: readPaintNet,
  write: writePaintNet,
};

function readPaintNet(bytes: Uint8Array, name: string): Palette {
  const text = decodePaletteText(bytes).trimStart();
  if (!HEADER.test(text)) return parseHex(text, name);
  const colors: number[] = [];
  let hasAlpha = false;
  for (const [i, line] of paletteLines(text, name).entries()) {
    if (line === "" || line.startsWith(";")) continue;
    const [, alpha, rgb] = /^([0-9a-f]{2})?([0-9a-f]{6})\s*(?:;.*)?$/i.exec(line) ?? [];
    if (rgb === undefined) {
      const expected = "expected a color as AARRGGBB";
      throw new PaletteError(name, `line ${i + 1}: ${expected}, got "${excerpt(line)}"`);
    }
    hasAlpha ||= alpha !== undefined && alpha.toLowerCase() !== "ff";
    for (const start of [0, 2, 4]) colors.push(parseInt(rgb.slice(start, start + 2), 16));
  }
  return createPalette(name, colors, hasAlpha ? [alphaNote(name)] : []);
}

function writePaintNet(palette: Palette): string {
  const rows = Array.from(
    { length: palette.size },
    (_, i) => `FF${palette.hexAt(i).toUpperCase()}`,
  );
  const name = palette.name.replaceAll(/\s+/g, " ");
  return [";paint.net Palette File", `;Palette Name: ${name}`, ...rows, ""].join("\r\n");
}
