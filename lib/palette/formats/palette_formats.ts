import { ACT } from "./act.ts";
import { ASE } from "./ase.ts";
import { ASEPRITE_PALETTE } from "./aseprite_palette.ts";
import { CSV } from "./csv.ts";
import { GPL } from "./gpl.ts";
import { HEX } from "./hex.ts";
import { JASC } from "./jasc.ts";
import { PAINT_NET } from "./paint_net.ts";
import { PNG_COLORS } from "./png_colors.ts";
import { RIFF } from "./riff.ts";
import { decodePaletteText } from "./palette_text.ts";
import type { Palette } from "../palette.ts";
import { MAX_PALETTE_BYTES, PaletteError, type PaletteFormat } from "../palette_format.ts";

/** All formats of palette files; the first is taken for files without a known extension. */
export const PALETTE_FORMATS: readonly PaletteFormat[] = [
  HEX,
  GPL,
  JASC,
  RIFF,
  PAINT_NET,
  ASE,
  ACT,
  PNG_COLORS,
  ASEPRITE_PALETTE,
  CSV,
];

/** The extensions of all formats, such as ".hex". */
export const PALETTE_EXTENSIONS: readonly string[] = [
  ...new Set(PALETTE_FORMATS.flatMap(({ extensions }) => extensions)),
];

/** The extensions of palettes in a folder: those that no other kind of files has. */
export const SEARCHED_EXTENSIONS: readonly string[] = [
  ...new Set(
    PALETTE_FORMATS.flatMap(({ extensions, isShared }) => isShared ? [] : extensions),
  ),
];

/** What a palette file is, for help and messages: ".hex, …, .png or .aseprite file". */
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
  const expected = sniffed ?? formatOf(fileName) ?? PALETTE_FORMATS[0]!;
  const foreign = sniffed === undefined && !expected.isBinary ? nameForeignFile(bytes) : undefined;
  if (foreign !== undefined) {
    throw new PaletteError(name, `expected a ${PALETTE_FILE}, got ${foreign}`);
  }
  return expected.read(bytes, name);
}

/** Returns whether a name ends like a palette file. */
export function isPaletteFile(path: string): boolean {
  return formatOf(path) !== undefined;
}

/** Returns whether a name ends like a file that can be nothing but a palette. */
export function isSearchedPaletteFile(path: string): boolean {
  return SEARCHED_EXTENSIONS.some((extension) => path.toLowerCase().endsWith(extension));
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
