import { GPL } from "./formats/gpl.ts";
import { HEX } from "./formats/hex.ts";
import { decodePaletteText } from "./formats/palette_text.ts";
import type { Palette } from "./palette.ts";
import { MAX_PALETTE_BYTES, PaletteError, type PaletteFormat } from "./palette_format.ts";

/** All formats of palette files; the first is taken for files without a known extension. */
export const PALETTE_FORMATS: readonly PaletteFormat[] = [HEX, GPL];

/** The extensions of all formats, such as ".hex". */
export const PALETTE_EXTENSIONS: readonly string[] = PALETTE_FORMATS.flatMap(({ extensions }) =>
  extensions
);

/** What a palette file is, for help and messages: ".hex or .gpl file". */
export const PALETTE_FILE: string = `${
  PALETTE_EXTENSIONS.join(", ").replace(/, ([^,]*)$/, " or $1")
} file`;

/**
 * Reads a palette file of any known format: by its first bytes, else by the extension of its name.
 *
 * @param content The file; text is taken for a list of hexadecimal colors if nothing else fits.
 * @param fileName Its name or path; the palette has it without folder and extension.
 * @throws {PaletteError} If it is of none of the formats, damaged or larger than 1 MiB.
 */
export function parsePalette(content: Uint8Array | string, fileName: string): Palette {
  const name = paletteName(fileName);
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  if (bytes.length > MAX_PALETTE_BYTES) {
    throw new PaletteError(name, `expected a file of at most ${MAX_PALETTE_BYTES} bytes`);
  }
  const sniffed = PALETTE_FORMATS.find((format) => format.sniff?.(bytes));
  const foreign = sniffed === undefined ? nameForeignFile(bytes) : undefined;
  if (foreign !== undefined) {
    throw new PaletteError(name, `expected a ${PALETTE_FILE}, got ${foreign}`);
  }
  return (sniffed ?? formatOf(fileName) ?? PALETTE_FORMATS[0]!).read(bytes, name);
}

/** Returns whether a name ends like a palette file. */
export function isPaletteFile(path: string): boolean {
  return formatOf(path) !== undefined;
}

/** Returns the name of a file without its folder and a known extension. */
export function paletteName(path: string): string {
  const file = path.replace(/^.*[\\/]/, "");
  const ending = PALETTE_EXTENSIONS.find((extension) => file.toLowerCase().endsWith(extension));
  return ending === undefined ? file : file.slice(0, -ending.length);
}

function formatOf(path: string): PaletteFormat | undefined {
  const lower = path.toLowerCase();
  return PALETTE_FORMATS.find(({ extensions }) =>
    extensions.some((extension) => lower.endsWith(extension))
  );
}

/** Other files that are taken for palettes, by their first characters. */
const FOREIGN: readonly (readonly [start: string | RegExp, name: string])[] = [
  ["JASC-PAL", "a JASC palette (.pal)"],
  [/^;\s*paint\.net/i, "a Paint.NET palette (.txt)"],
  ["ASEF", "an Adobe swatch file (.ase)"],
  [/^RIFF[^]{4}PAL /, "a Windows palette (.pal)"],
  [/^.PNG\r?\n/, "a PNG image"],
  ["GIF8", "a GIF image"],
  ["{", "JSON"],
  ["<", "HTML or XML"],
];

function nameForeignFile(bytes: Uint8Array): string | undefined {
  const start = decodePaletteText(bytes.subarray(0, 256));
  const found = FOREIGN.find(([sign]) =>
    typeof sign === "string" ? start.trimStart().startsWith(sign) : sign.test(start)
  );
  if (found !== undefined) return found[1];
  // deno-lint-ignore no-control-regex -- a text file has none of these
  return /[\x00-\x08\x0e-\x19\x1c-\x1f]/.test(start) ? "no text" : undefined;
}
