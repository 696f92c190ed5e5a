import { Palette } from "./palette.ts";

/** A palette file that cannot be read. Trying again does not help. */
export class PaletteError extends SyntaxError {
  /** Name of the class, as it is printed. */
  override readonly name = "PaletteError";
}

/**
 * Reads a .hex palette: one color a line as RRGGBB, in any case, with or without "#".
 *
 * Windows and old Mac line ends, blanks around a color, empty lines, a byte order mark and lines
 * that begin with ";" or "//" do no harm.
 *
 * @param name Name of the palette; errors call the file so.
 * @throws {PaletteError} If a line is something else, naming it, or if there is no color.
 */
export function parseHex(text: string, name: string): Palette {
  const colors: number[] = [];
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
  for (const [i, line] of lines.entries()) {
    const content = line.trim();
    if (content === "" || content.startsWith(";") || content.startsWith("//")) continue;
    const digits = /^#?([0-9a-f]{6})$/i.exec(content)?.[1];
    if (digits === undefined) {
      throw new PaletteError(`Cannot read palette "${name}": ${complaint(content, i + 1)}`);
    }
    const value = parseInt(digits, 16);
    colors.push(value >> 16, (value >> 8) & 255, value & 255);
  }
  if (colors.length === 0) {
    throw new PaletteError(
      `Cannot read palette "${name}": expected one color a line, got an empty file`,
    );
  }
  return new Palette(name, Uint8Array.from(colors));
}

const MAX_QUOTED = 40;

function complaint(content: string, line: number): string {
  const kind = OTHER_FORMATS.find(([start]) => content.startsWith(start))?.[1];
  if (line === 1 && kind !== undefined) return `expected a .hex file, got ${kind}`;
  const quoted = content.length > MAX_QUOTED ? `${content.slice(0, MAX_QUOTED)}…` : content;
  return `line ${line}: expected a color as RRGGBB, got "${quoted}"`;
}

const OTHER_FORMATS = [
  ["JASC-PAL", "a JASC palette (.pal)"],
  ["GIMP Palette", "a GIMP palette (.gpl)"],
  ["\x89PNG", "a PNG picture"],
  ["\ufffdPNG", "a PNG picture"],
  ["{", "JSON"],
  ["<", "HTML or XML"],
] as const;
