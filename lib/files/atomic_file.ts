import { OutputError } from "./output_error.ts";

/**
 * A file that has a temporary name until {@linkcode commit} renames it.
 *
 * An older file of that name survives any failure, such as a full disk or the end of the program.
 * The caller disposes of it; without a commit, nothing is left behind.
 */
export class AtomicFile implements AsyncDisposable {
  /** The final path. */
  readonly path: string;
  readonly #temporary: string;
  readonly #file: Deno.FsFile;
  #position = 0;
  #isOpen = true;
  #isCommitted = false;

  private constructor(path: string, temporary: string, file: Deno.FsFile) {
    this.path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /**
   * Creates an empty file in the folder of `path`, which must exist.
   *
   * @throws {OutputError} If it cannot be created.
   */
  static async open(path: string): Promise<AtomicFile> {
    const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
    try {
      const file = await Deno.open(temporary, { write: true, createNew: true });
      return new AtomicFile(path, temporary, file);
    } catch (cause) {
      throw OutputError.from("write", path, cause);
    }
  }

  /**
   * Writes bytes behind the last ones, or at an offset.
   *
   * @param position Offset from the start of the file in bytes.
   * @throws {OutputError} If they cannot be written.
   */
  async write(bytes: Uint8Array, position: number = this.#position): Promise<void> {
    try {
      if (position !== this.#position) await this.#file.seek(position, Deno.SeekMode.Start);
      let written = 0;
      while (written < bytes.length) written += await this.#file.write(bytes.subarray(written));
      this.#position = position + bytes.length;
    } catch (cause) {
      throw OutputError.from("write", this.path, cause);
    }
  }

  /**
   * Renames the file to its final path, replacing an older file.
   *
   * @throws {OutputError} If it cannot be renamed.
   */
  async commit(): Promise<void> {
    try {
      // Without it, a rename may reach the disk before the content does.
      await this.#file.sync();
      // Windows does not rename open files.
      this.#close();
      await Deno.rename(this.#temporary, this.path);
      this.#isCommitted = true;
    } catch (cause) {
      throw OutputError.from("write", this.path, cause);
    }
  }

  /** Closes the file, and removes it if it was not committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    if (!this.#isCommitted) await Deno.remove(this.#temporary).catch(() => undefined);
  }

  #close(): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }
}
