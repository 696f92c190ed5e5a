import type { Seed } from "../../kernels/random/philox.ts";
import { join } from "node:path";
import { OutputError } from "../files/output_error.ts";
import { formatDate } from "./run_folder.ts";

/** The parts of the name of a run's log. */
export interface RunLogName {
  /** Start of the run or of its resumption; written in local time. */
  readonly date: Date;
  /** Seed of the run. */
  readonly seed: Seed;
}

/**
 * The file `<YYYY-MM-DD-HH-MM-SS>-log-<seed>.txt` of a run: all messages to the user as plain text.
 *
 * A run has no folder before it is loaded; earlier messages are buffered.
 */
export class RunLog implements Disposable {
  #path: string | undefined;
  #file: Deno.FsFile | undefined;
  #buffered = "";

  /** Path of the file; undefined before it is opened. */
  get path(): string | undefined {
    return this.#path;
  }

  /**
   * Creates the file and writes the buffered messages.
   *
   * @throws {OutputError} If it cannot be written.
   */
  open(folder: string, { date, seed }: RunLogName): void {
    const path = join(folder, `${formatDate(date)}-log-${seed}.txt`);
    try {
      this.#file = Deno.openSync(path, { append: true, create: true });
    } catch (cause) {
      throw OutputError.from("write", path, cause);
    }
    this.#path = path;
    const buffered = this.#buffered;
    this.#buffered = "";
    this.write(buffered);
  }

  /**
   * Appends a text.
   *
   * @throws {OutputError} If it cannot be written.
   */
  write(text: string): void {
    if (this.#file === undefined) {
      this.#buffered += text;
      return;
    }
    const bytes = new TextEncoder().encode(text);
    try {
      for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
    } catch (cause) {
      throw OutputError.from("write", this.#path!, cause);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
