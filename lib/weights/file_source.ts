import { type ByteSource, checkRange } from "./byte_source.ts";

/**
 * Opens a file whose ranges are read on demand. Needs `--allow-read` for it.
 *
 * @returns A source. The caller closes it.
 */
export function fileSource(path: string): ByteSource {
  const file = Deno.openSync(path);
  try {
    return new FileSource(file, path);
  } catch (error) {
    file.close();
    throw error;
  }
}

class FileSource implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly #file: Deno.FsFile;
  #isClosed = false;

  constructor(file: Deno.FsFile, path: string) {
    this.#file = file;
    this.name = path;
    this.byteLength = file.statSync().size;
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    checkRange(this, offset, length);
    const bytes = new Uint8Array(length);
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < length) {
      const count = this.#file.readSync(bytes.subarray(filled));
      if (count === null) {
        throw new RangeError(
          `Cannot read "${this.name}": expected ${length} bytes at ${offset}, got ${filled}`,
        );
      }
      filled += count;
    }
    return bytes;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#file.close();
  }
}
