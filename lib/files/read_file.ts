import { OutputError } from "./output_error.ts";

/** Options of {@linkcode readFile}. */
export interface ReadFileOptions {
  /** Size above which a file is refused, in bytes. Default: none. */
  readonly maxBytes?: number;
}

/** Maximum size of a config file, in bytes; the longest has some thousand. */
const MAX_CONFIG_BYTES = 2 ** 24;

/**
 * Reads a file.
 *
 * A pipe is refused: to open it would block until somebody writes, and perhaps forever.
 *
 * @throws {OutputError} If it cannot be read or is too large, with the reason and the remedy.
 */
export async function readFile(
  path: string,
  { maxBytes }: ReadFileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { isFifo, isSocket } = await Deno.stat(path);
    if (isFifo || isSocket) throw new OutputError("read", path, "expected a file, got a pipe");
    return maxBytes === undefined ? await Deno.readFile(path) : await readBounded(path, maxBytes);
  } catch (cause) {
    throw OutputError.from("read", path, cause);
  }
}

/**
 * Reads the text of a config file.
 *
 * @throws {OutputError} If it cannot be read or is too large.
 */
export async function readConfigText(path: string): Promise<string> {
  return new TextDecoder().decode(await readFile(path, { maxBytes: MAX_CONFIG_BYTES }));
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

/** Stops reading at the limit: a device or a pipe does not know its size beforehand. */
async function readBounded(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  let bytes = new Uint8Array(Math.min(size, maxBytes) + 1);
  let length = 0;
  while (true) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) return bytes.slice(0, length);
    length += count;
    if (length > maxBytes) {
      throw new OutputError("read", path, `expected at most ${maxBytes} bytes, got more`);
    }
    if (length < bytes.length) continue;
    const grown = new Uint8Array(Math.min(2 * length, maxBytes + 1));
    grown.set(bytes);
    bytes = grown;
  }
}
