import { excerpt } from "../../text/visible_text.ts";
import { Palette } from "../palette.ts";
import { MAX_PALETTE_COLORS, PaletteError, type PaletteFormat } from "../palette_format.ts";
import { decodePaletteText, paletteLines } from "./palette_text.ts";

/** Lospec's format: hexadecimal colors, usually one a line. */
export const HEX: PaletteFormat = {
  name: "list of hexadecimal colors",
  extensions: [".hex"],
  read: (bytes, name) => parseHex(decodePaletteText(bytes), name),
  write: (palette) => palette.toHexText(),
};

/**
 * Reads a list of hexadecimal colors, separated by line ends, blanks or commas.
 *
 * A color is RRGGBB, `#RGB`, or with alpha RRGGBBAA, `#RGBA` or `0xAARRGGBB`, in any case, with or
 * without "#" or "0x". Alpha is left out, which a note of the palette says. Lines that begin with
 * ";", "//" or "#" and a blank are comments, and so is what follows such a sign behind a color.
 *
 * @param name Name of the palette, also for errors.
 * @throws {PaletteError} If a line holds something else, naming it; if there is no color, or more
 * than 4096.
 */
export function parseHex(text: string, name: string): Palette {
  const colors: number[] = [];
  const dropped = { alpha: 0, words: new Set<string>() };
  for (const [i, line] of paletteLines(text, name).entries()) {
    if (startsComment(line)) continue;
    const { found, rest } = readColors(line);
    const where = `line ${i + 1}: expected a color as RRGGBB`;
    if (found.length === 0 || !startsComment(rest) && !isWord(rest)) {
      const wrong = found.length === 0 ? line : rest;
      throw new PaletteError(name, `${where}, got "${excerpt(wrong)}"`);
    }
    if (!startsComment(rest)) dropped.words.add(rest);
    for (const { color, hasAlpha } of found) {
      colors.push(...color);
      if (hasAlpha) dropped.alpha++;
    }
    if (colors.length > 3 * MAX_PALETTE_COLORS) {
      throw new PaletteError(name, `expected at most ${MAX_PALETTE_COLORS} colors, got more`);
    }
  }
  if (colors.length === 0) {
    throw new PaletteError(name, "expected one color a line, got an empty file");
  }
  return new Palette(name, Uint8Array.from(colors), notesOf(name, dropped));
}

/** Returns whether a line, or the rest of one, is a comment or empty. */
function startsComment(text: string): boolean {
  return text === "" || /^(;|\/\/|#(\s|$|[g-z]))/i.test(text);
}

/**
 * Returns whether the rest of a line begins with a word that is no color, such as a color's name.
 */
function isWord(text: string): boolean {
  return /^\p{L}*[g-z]\p{L}*/iu.test(text);
}

interface HexColor {
  readonly color: readonly [red: number, green: number, blue: number];
  readonly hasAlpha: boolean;
}

const TOKEN =
  /^(?:0x([0-9a-f]{8}|[0-9a-f]{6})|#?([0-9a-f]{8}|[0-9a-f]{6})|#([0-9a-f]{3,4}))(?![\w#])/i;

// A ";" directly between two colors separates them, as in CSV files; elsewhere it starts a comment.
const SEPARATOR = /^(?:[\s,]+|;(?=#?[0-9a-f]{6}))/i;

/** Reads colors from the start of a line; the rest begins with what is none. */
function readColors(line: string): { found: HexColor[]; rest: string } {
  const found: HexColor[] = [];
  let rest = line;
  for (let match; (match = TOKEN.exec(rest));) {
    const [token, prefixed, long, short] = match;
    found.push(colorOf({ prefixed, long, short }));
    rest = rest.slice(token.length).replace(SEPARATOR, "");
  }
  return { found, rest };
}

function colorOf({ prefixed, long, short }: {
  readonly prefixed: string | undefined;
  readonly long: string | undefined;
  readonly short: string | undefined;
}): HexColor {
  const digits = short?.replaceAll(/./g, "$&$&") ?? long ?? prefixed!;
  const hasAlpha = digits.length === 8;
  // Numbers in program text are usually 0xAARRGGBB, colors of CSS #RRGGBBAA.
  const start = hasAlpha && prefixed !== undefined ? 2 : 0;
  const channel = (c: number) => parseInt(digits.slice(start + 2 * c, start + 2 * c + 2), 16);
  return { color: [channel(0), channel(1), channel(2)], hasAlpha };
}

function notesOf(
  name: string,
  { alpha, words }: { readonly alpha: number; readonly words: ReadonlySet<string> },
): string[] {
  const notes: string[] = [];
  if (alpha > 0) {
    const colors = alpha === 1 ? "1 color" : `${alpha} colors`;
    notes.push(
      `Palette "${name}": the alpha of ${colors} is left out; eight digits are read as RRGGBBAA, ` +
        "behind 0x as AARRGGBB",
    );
  }
  const [word] = words;
  if (word !== undefined) {
    notes.push(
      `Palette "${name}": words behind colors are ignored, such as "${excerpt(word)}"`,
    );
  }
  return notes;
}
