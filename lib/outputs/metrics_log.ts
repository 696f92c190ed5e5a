import { join } from "node:path";
import { OutputError } from "../files/output_error.ts";
import { writeFile } from "../files/write_file.ts";

/** The file `metrics.jsonl` of a run: one JSON object a line, one line a step. */
export class MetricsLog implements Disposable {
  /** Path of the file. */
  readonly path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Opens the log of a run for appending, creating it if need be.
   *
   * @param resumeStep The run continues after this step: later lines of an earlier attempt, and a
   * last line that was cut off, are dropped. 0 starts an empty log.
   * @throws {OutputError} If it cannot be opened.
   */
  static async open(folder: string, resumeStep: number = 0): Promise<MetricsLog> {
    const path = join(folder, "metrics.jsonl");
    await keepLines(path, resumeStep);
    try {
      return new MetricsLog(path, await Deno.open(path, { append: true, create: true }));
    } catch (cause) {
      throw OutputError.from("write", path, cause);
    }
  }

  /**
   * Appends one line, such as the metrics of a step. Numbers that JSON does not know (NaN, Infinity) become null; typed arrays
   * and functions are left out.
   */
  async append<Line extends { readonly step: number }>(line: Line): Promise<void> {
    const text = JSON.stringify(line, (_, value) => ArrayBuffer.isView(value) ? undefined : value);
    const bytes = new TextEncoder().encode(`${text}\n`);
    try {
      let written = 0;
      while (written < bytes.length) written += await this.#file.write(bytes.subarray(written));
    } catch (cause) {
      throw OutputError.from("write", this.path, cause);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

async function keepLines(path: string, lastStep: number): Promise<void> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    throw OutputError.from("read", path, cause);
  }
  const kept = text.split("\n").filter((line) => {
    const step = stepOf(line);
    return step !== undefined && step <= lastStep;
  });
  await writeFile(path, kept.map((line) => `${line}\n`).join(""));
}

function stepOf(line: string): number | undefined {
  try {
    const step = JSON.parse(line)?.step;
    return typeof step === "number" ? step : undefined;
  } catch {
    return undefined;
  }
}
