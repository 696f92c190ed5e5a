import { closestNames, simplify } from "../../text/did_you_mean.ts";
import { builtInPalettes } from "./built_in_palettes.ts";
import { isLospecName, lospecSlug } from "../../text/lospec_name.ts";
import type { Palette } from "../palette.ts";
import { isPaletteFile, PALETTE_FILE, paletteName, parsePalette } from "./palette_formats.ts";

/** A palette and where it is from. */
export interface FoundPalette {
  /** The palette. */
  readonly palette: Palette;
  /** Who made it, if it is built in. */
  readonly credit: string | undefined;
}

/** Reads a file; undefined if there is no such file. */
export type ReadBytes = (path: string) => Promise<Uint8Array | undefined>;

/** A palette name that is neither built in nor a file. */
export class UnknownPaletteError extends RangeError {
  /** Name of the class, as it is printed. */
  override readonly name = "UnknownPaletteError";
  /** Whether the name is the path of a file. */
  readonly isPath: boolean;

  /** Describes what was expected; `message` has no final period. */
  constructor(message: string, { isPath }: { readonly isPath: boolean }) {
    super(message);
    this.isPath = isPath;
  }
}

/**
 * Finds a palette by the name of a built-in one or by the path of a palette file.
 *
 * Case, blanks, "-" and "_" of a name are ignored: "Sweetie 16" finds "sweetie-16". Where the text
 * looks like a path, a file is taken before a built-in palette; if there is no such file, the
 * built-in palette of that file name is taken, so that "assets/palettes/lospec/slowly.hex" works
 * from every folder.
 *
 * "lospec:<slug>" is a palette of lospec.com: a built-in one, or what `readBytes` gives for it.
 *
 * @param readBytes Reads the file. Without it, only built-in palettes are found.
 * @throws {UnknownPaletteError} If there is none, with the nearest names.
 * @throws {PaletteError} If the file is no palette.
 */
export async function findPalette(nameOrPath: string, readBytes?: ReadBytes): Promise<Palette> {
  return (await findCreditedPalette(nameOrPath, readBytes)).palette;
}

/** Finds a palette as {@linkcode findPalette} does, with its credit. */
export async function findCreditedPalette(
  nameOrPath: string,
  readBytes?: ReadBytes,
): Promise<FoundPalette> {
  const wanted = nameOrPath.trim();
  if (isLospecName(wanted)) return await findLospecPalette(wanted, readBytes);
  const isPath = /[\\/]/.test(wanted) || isPaletteFile(wanted);
  const name = paletteName(wanted);
  const found = builtInPalettes().find((builtIn) => simplify(builtIn.name) === simplify(name));
  const builtIn = found && (() => ({ palette: found.load(), credit: found.credit }));
  if (builtIn !== undefined && !isPath) return builtIn();
  const bytes = wanted === "" ? undefined : await readBytes?.(wanted);
  if (bytes !== undefined) return { palette: parsePalette(bytes, wanted), credit: undefined };
  if (builtIn !== undefined) return builtIn();
  const detail = isPath && readBytes !== undefined
    ? "there is no such file"
    : `expected a built-in palette or a ${PALETTE_FILE}${suggestion(name)}`;
  throw new UnknownPaletteError(`Cannot find palette "${nameOrPath}": ${detail}`, { isPath });
}

/** Finds a palette of Lospec: a built-in one of that name, or what `readBytes` gives. */
async function findLospecPalette(
  wanted: string,
  readBytes: ReadBytes | undefined,
): Promise<FoundPalette> {
  const slug = lospecSlug(wanted);
  if (slug === undefined) {
    throw new UnknownPaletteError(
      `Cannot find palette "${wanted}": expected a name of Lospec, such as lospec:sweetie-16`,
      { isPath: false },
    );
  }
  const found = builtInPalettes().find(({ name }) => simplify(name) === simplify(slug));
  if (found) return { palette: found.load(), credit: found.credit };
  const bytes = await readBytes?.(wanted);
  if (bytes !== undefined) {
    return {
      palette: parsePalette(bytes, `${slug}.hex`),
      credit: `lospec.com/palette-list/${slug}`,
    };
  }
  throw new UnknownPaletteError(
    `Cannot find palette "${wanted}": it is not built in, and there is nothing to read it with`,
    { isPath: false },
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
