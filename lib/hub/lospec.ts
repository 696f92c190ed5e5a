import { join } from "node:path";
import { readFileIfThere } from "../files/read_file.ts";
import { writeFileInFolder } from "../files/write_file.ts";
import { IdleTimeout } from "../http/idle_timeout.ts";
import { readBody } from "../http/read_body.ts";
import { LOSPEC_ENDPOINT, LOSPEC_FOLDER, LOSPEC_PREFIX, lospecSlug } from "../text/lospec_name.ts";
import { parsePalette } from "../palette/formats/palette_formats.ts";
import { readPaletteFile } from "../palette/palette_file.ts";
import { MAX_PALETTE_BYTES } from "../palette/palette_format.ts";
import { accessErrorText } from "../text/access_error.ts";

/** Seconds within which 32 kB, or the whole file, must arrive. */
const TIME_LIMIT = 30_000;

/** Options of {@linkcode createPaletteReader}. */
export interface PaletteReaderOptions {
  /** Whether a palette of Lospec that is not on this machine is downloaded. Default: false. */
  readonly download?: boolean;
  /** Folder of downloaded palettes. Default: {@linkcode LOSPEC_FOLDER}. */
  readonly folder?: string;
  /** Address of Lospec, or of a server that answers as it does. */
  readonly endpoint?: string;
}

/** A palette of Lospec that is not on this machine and could not be downloaded. */
class LospecError extends Error {
  /** Name of the class, as it is printed. */
  override readonly name = "LospecError";
}

/**
 * Returns what reads palettes for `findPalette`: files, and palettes of Lospec by "lospec:<slug>".
 * These are kept as `.hex` files in a folder.
 *
 * A server can only give a palette of at most 1 MiB: its answer is parsed before it is kept.
 */
export function createPaletteReader(
  { download = false, folder = LOSPEC_FOLDER, endpoint = LOSPEC_ENDPOINT }: PaletteReaderOptions =
    {},
): (path: string) => Promise<Uint8Array | undefined> {
  return async (path) => {
    const slug = lospecSlug(path);
    if (slug === undefined) return await readPaletteFile(path);
    const file = join(folder, `${slug}.hex`);
    const kept = await readFileIfThere(file, { maxBytes: MAX_PALETTE_BYTES });
    if (kept !== undefined) return kept;
    if (!download) {
      throw new LospecError(
        `Cannot find palette "${LOSPEC_PREFIX}${slug}": it is not on this machine; add --download ` +
          `to get it from ${new URL(endpoint).host}`,
      );
    }
    const bytes = await downloadPalette(`${endpoint}/palette-list/${slug}.hex`, slug);
    await writeFileInFolder(file, bytes);
    return bytes;
  };
}

/** Downloads a palette and checks that it is one. */
async function downloadPalette(url: string, slug: string): Promise<Uint8Array<ArrayBuffer>> {
  const fail = (detail: string, cause?: unknown) =>
    new LospecError(`Cannot download palette "${LOSPEC_PREFIX}${slug}": ${detail}`, { cause });
  const { host } = new URL(url);
  using idle = new IdleTimeout({ limit: TIME_LIMIT });
  let response: Response;
  try {
    response = await fetch(url, { signal: idle.signal });
  } catch (cause) {
    throw fail(
      `${host} cannot be reached: ${accessErrorText(cause, `--allow-net=${host}`)}`,
      cause,
    );
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw fail(
      response.status === 404
        ? `${host} has no palette of that name; see ${new URL(url).origin}/palette-list`
        : `${host} answered ${response.status} ${response.statusText}`.trim(),
    );
  }
  try {
    const bytes = await readBody(response, { maxBytes: MAX_PALETTE_BYTES, idle });
    parsePalette(bytes, `${slug}.hex`);
    return bytes;
  } catch (cause) {
    throw fail(`the answer of ${host} is no palette: ${(cause as Error).message}`, cause);
  }
}
