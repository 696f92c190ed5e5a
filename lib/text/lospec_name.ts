import { join } from "node:path";

/** Address of Lospec's list of palettes. */
export const LOSPEC_ENDPOINT = "https://lospec.com";

/** Where downloaded palettes are kept, below the working folder. */
export const LOSPEC_FOLDER: string = join("workdir", "palettes");

/** What names of palettes of Lospec begin with. */
export const LOSPEC_PREFIX = "lospec:";

/** Tells whether a name asks for a palette of Lospec, rightly spelled or not. */
export function isLospecName(name: string): boolean {
  return name.toLowerCase().startsWith(LOSPEC_PREFIX);
}

/**
 * Returns the slug of "lospec:<slug>", the last part of the palette's address: lower-case letters,
 * digits and "-". So it can be part of a path and of an address as it is.
 *
 * @returns Undefined if it is no such name.
 */
export function lospecSlug(name: string): string | undefined {
  return /^lospec:([a-z0-9][a-z0-9-]{0,99})$/.exec(name.trim().toLowerCase())?.[1];
}
