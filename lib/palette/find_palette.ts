import { builtInPalettes } from "./built_in_palettes.ts";
import { closestNames, simplify } from "../text/did_you_mean.ts";
import type { Palette } from "./palette.ts";
import { parseHex } from "./parse_hex.ts";

/** A palette and where it is from. */
export interface FoundPalette {
  /** The palette. */
  readonly palette: Palette;
  /** Who made it, if it is built in. */
  readonly credit: string | undefined;
}

/** Reads a text file; undefined if there is no such file. */
export type ReadText = (path: string) => Promise<string | undefined>;

/** A palette name that means nothing: neither built in nor a file. */
export class UnknownPaletteError extends RangeError {
  /** Name of the class, as it is printed. */
  override readonly name = "UnknownPaletteError";
}

/**
 * Finds a palette by the name of a built-in one or by the path of a .hex file.
 *
 * Case, blanks, "-" and "_" of a name are not looked at: "Sweetie 16" finds "sweetie-16". A file
 * wins over a built-in palette where the text looks like a path; where no such file exists, the
 * built-in palette of that file name is taken, so "assets/palettes/lospec/slowly.hex" works
 * everywhere.
 *
 * @param readText Reads the file; left out, only built-in palettes are found.
 * @throws {UnknownPaletteError} If there is none, with the nearest names.
 * @throws {PaletteError} If the file is no .hex palette.
 */
export async function findPalette(nameOrPath: string, readText?: ReadText): Promise<Palette> {
  return (await findCreditedPalette(nameOrPath, readText)).palette;
}

/** Finds a palette as {@linkcode findPalette} does, and tells whom to thank for it. */
export async function findCreditedPalette(
  nameOrPath: string,
  readText?: ReadText,
): Promise<FoundPalette> {
  const wanted = nameOrPath.trim();
  const isPath = /[\\/]|\.hex$/i.test(wanted);
  const fileName = wanted.replace(/^.*[\\/]/, "").replace(/\.hex$/i, "");
  const builtIn = builtInPalettes().find(({ name }) => simplify(name) === simplify(fileName));
  const own = builtIn && (() => ({ palette: builtIn.load(), credit: builtIn.credit }));
  if (own !== undefined && !isPath) return own();
  const text = wanted === "" ? undefined : await readText?.(wanted);
  if (text !== undefined) return { palette: parseHex(text, fileName), credit: undefined };
  if (own !== undefined) return own();
  throw new UnknownPaletteError(
    `Cannot find palette "${nameOrPath}": expected a built-in palette or a .hex file` +
      suggestion(fileName),
  );
}

function suggestion(typed: string): string {
  const names = builtInPalettes().map(({ name }) => name);
  const near = closestNames(typed, names);
  if (near.length > 0) {
    return `; did you mean ${near.map((name) => `"${name}"`).join(" or ")}?`;
  }
  const short = names.filter((name) => !name.endsWith("_lattice"));
  return `; built in are ${short.join(", ")} and the lattices n_n_n_lattice`;
}
