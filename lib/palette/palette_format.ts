import { type Material, Palette } from "./palette.ts";

/** A palette file that cannot be read. Trying again does not help. */
export class PaletteError extends SyntaxError {
  /** Name of the class, as it is printed. */
  override readonly name = "PaletteError";

  /**
   * Creates the error.
   *
   * @param name Name of the palette.
   * @param found What is wrong, without a final period.
   */
  constructor(name: string, found: string) {
    super(`Cannot read palette "${name}": ${found}`);
  }
}

/** A format of palette files. A new one is one file and one line in `palette_formats.ts`. */
export interface PaletteFormat {
  /** Name for messages, such as "GIMP palette". */
  readonly name: string;
  /** File extensions in lower case with their dot, the usual one first. */
  readonly extensions: readonly string[];
  /** Whether other kinds of files have these extensions, too: a folder is not searched for them. */
  readonly isShared?: true;
  /** Whether a file without known first bytes is still of this format. Default: it is text. */
  readonly isBinary?: true;
  /** Returns whether a file has this format, by its first bytes. Default: the extension decides. */
  sniff?(bytes: Uint8Array): boolean;
  /**
   * Reads a file.
   *
   * @param name Name of the palette, also for errors.
   * @returns The palette; its notes say what was left out.
   * @throws {PaletteError} If it is damaged.
   */
  read(bytes: Uint8Array, name: string): Palette;
  /** Writes a file that `read` reads. */
  write?(palette: Palette): string | Uint8Array<ArrayBuffer>;
}

/** The maximum number of colors of a palette file: all colors of 4 bits a channel. */
export const MAX_PALETTE_COLORS = 4096;

/** The maximum size of a palette file in bytes. */
export const MAX_PALETTE_BYTES: number = 2 ** 20;

/**
 * Creates the palette that was read from a file.
 *
 * @param colors 8-bit sRGB, three numbers a color.
 * @param notes What was left out, one sentence each. Default: nothing.
 * @param materials The material of each color. Default: colors alone.
 * @throws {PaletteError} If there is no color, or more than 4096.
 */
export function createPalette(
  name: string,
  colors: readonly number[],
  notes: readonly string[] = [],
  materials?: readonly Material[],
): Palette {
  if (colors.length === 0) throw new PaletteError(name, "expected colors, got none");
  if (colors.length > 3 * MAX_PALETTE_COLORS) {
    throw new PaletteError(
      name,
      `expected at most ${MAX_PALETTE_COLORS} colors, got ${colors.length / 3}`,
    );
  }
  return new Palette(name, Uint8Array.from(colors), notes, materials);
}

/** The note of a file whose colors have alpha. */
export function alphaNote(name: string): string {
  return `Palette "${name}": the alpha of its colors is left out`;
}
