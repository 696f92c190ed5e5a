import { type CsvRow, parseCsv, writeCsv } from "../../text/csv.ts";
import { excerpt } from "../../text/visible_text.ts";
import type { Material, Palette } from "../palette.ts";
import { createPalette, PaletteError, type PaletteFormat } from "../palette_format.ts";
import { parseHex } from "./hex.ts";
import { decodePaletteText, paletteLines } from "./palette_text.ts";

/**
 * A table of materials, such as beads or threads: a header with the column `hex`, and with `code`
 * and `name` if there are such, in any order. Other columns are left out.
 *
 * A list of hexadecimal colors with commas is read, too.
 */
export const CSV: PaletteFormat = {
  name: "table of materials",
  extensions: [".csv"],
  // Tables of anything else have this extension, too.
  isShared: true,
  sniff: (bytes) => isHeader(decodePaletteText(bytes.subarray(0, 256)).split(/[\r\n]/, 1)[0]!),
  read: (bytes, name) => parseMaterials(decodePaletteText(bytes), name),
  write: writeMaterials,
};

/**
 * Reads a table of materials.
 *
 * @param name Name of the palette, also for errors.
 * @throws {PaletteError} If there is no column `hex`, a color is wrong, or a code occurs twice.
 */
export function parseMaterials(text: string, name: string): Palette {
  const first = paletteLines(text, name).find((line) => line !== "") ?? "";
  if (/^#?[\da-f]{6}\b/i.test(first)) return parseHex(text, name);
  const [header, ...rows] = readRows(text, name);
  const columns = header?.fields.map((field) => field.toLowerCase()) ?? [];
  const hex = columns.indexOf("hex");
  if (hex < 0) {
    throw new PaletteError(
      name,
      `line 1: expected a header with the column hex, such as code,name,hex, got "${
        excerpt(first)
      }"`,
    );
  }
  const [code, label] = [columns.indexOf("code"), columns.indexOf("name")];
  const colors: number[] = [];
  const materials: Material[] = [];
  const codes = new Set<string>();
  for (const { line, fields } of rows) {
    const digits = /^(?:#|0x)?([\da-f]{6})$/i.exec(fields[hex] ?? "")?.[1];
    if (digits === undefined) {
      const got = excerpt(fields[hex] ?? "");
      throw new PaletteError(name, `line ${line}: expected a color as RRGGBB, got "${got}"`);
    }
    const value = parseInt(digits, 16);
    colors.push(value >> 16, value >> 8 & 255, value & 255);
    const material = { code: fields[code] || `${materials.length + 1}`, name: fields[label] ?? "" };
    if (codes.has(material.code)) {
      const twice = excerpt(material.code);
      throw new PaletteError(name, `line ${line}: expected each code once, got "${twice}" twice`);
    }
    codes.add(material.code);
    materials.push(material);
  }
  return createPalette(name, colors, [], materials);
}

function isHeader(line: string): boolean {
  return /[,;\t]/.test(line) && /(?:^|[,;\t"])\s*hex\s*(?:["\s,;\t]|$)/i.test(line);
}

function readRows(text: string, name: string): CsvRow[] {
  try {
    return parseCsv(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new PaletteError(name, error.message);
    throw error;
  }
}

function writeMaterials(palette: Palette): string {
  const rows = Array.from({ length: palette.size }, (_, k) => {
    const { code, name } = palette.materialAt(k);
    return [code, name, palette.hexAt(k)];
  });
  return writeCsv([["code", "name", "hex"], ...rows]);
}
