import { PaletteError } from "../palette_format.ts";

const MAX_LINES = 2 ** 16;

/**
 * Decodes a text file of palettes: UTF-8, or UTF-16 as Windows writes it, with or without a byte
 * order mark.
 */
export function decodePaletteText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

function encodingOf([first, second]: Uint8Array): string {
  // Without a mark, every other byte of ASCII text in UTF-16 is zero.
  if (first === 0xff && second === 0xfe || first !== 0 && second === 0) return "utf-16le";
  if (first === 0xfe && second === 0xff || first === 0 && second !== 0) return "utf-16be";
  return "utf-8";
}

/**
 * Splits a text at its line ends of Unix, Windows or the old Mac, and trims the lines. The text
 * ends at a Ctrl-Z, as under DOS.
 *
 * @throws {PaletteError} If there are more than 65,536 lines.
 */
export function paletteLines(text: string, name: string): string[] {
  const end = text.indexOf("\x1a");
  const lines = (end < 0 ? text : text.slice(0, end)).split(/\r\n|\r|\n/, MAX_LINES + 1);
  if (lines.length > MAX_LINES) {
    throw new PaletteError(name, `expected at most ${MAX_LINES} lines, got more`);
  }
  return lines.map((line) => line.trim());
}

/**
 * Reads a line such as "255 0 0": red, green and blue from 0 to 255, then anything.
 *
 * @returns Undefined if the line is no color.
 */
export function parseRgbLine(line: string): readonly number[] | undefined {
  const values = /^(\d+)\s+(\d+)\s+(\d+)(?!\S)/.exec(line)?.slice(1).map(Number);
  return values?.every((value) => value <= 255) ? values : undefined;
}
