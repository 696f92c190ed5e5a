import type { Palette } from "./palette.ts";

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
