import { OutputError } from "./output_error.ts";

/** Options of {@linkcode readFile}. */
export interface ReadFileOptions {
  /** Size above which a file is refused, in bytes. Default: none. */
  readonly maxBytes?: number;
}

/**
 * Reads a file.
 *
 * @throws {OutputError} If it cannot be read or is too large, with the reason and the remedy.
 */
export async function readFile(
  path: string,
  { maxBytes }: ReadFileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return maxBytes === undefined ? await Deno.readFile(path) : await readBounded(path, maxBytes);
  } catch (cause) {
    throw OutputError.from("read", path, cause);
  }
}

/**
 * Reads a file as {@linkcode readFile} does.
 *
 * @returns undefined if there is no such file.
 */
export async function readFileIfThere(
  path: string,
  options: ReadFileOptions = {},
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await readFile(path, options);
  } catch (error) {
    const { cause } = error as Error;
    const { NotFound, NotADirectory } = Deno.errors;
    if (cause instanceof NotFound || cause instanceof NotADirectory) return undefined;
    throw error;
  }
}

/** Reads no more than it must: a device or a pipe has no size that could be asked for. */
async function readBounded(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(maxBytes + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) return bytes.slice(0, length);
    length += count;
  }
  throw new OutputError("read", path, `expected at most ${maxBytes} bytes, got more`);
}
