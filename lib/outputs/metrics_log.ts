import { join } from "node:path";
import { OutputError } from "../files/output_error.ts";
import { writeFile } from "../files/write_file.ts";

/** The file `metrics.jsonl` of a run: one JSON object per line, one line per step. */
export class MetricsLog implements Disposable {
  /** Path of the file. */
  readonly path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Opens the log of a run for appending, or creates it.
   *
   * @param resumeStep The run continues after this step. Lines of later steps, and a last line that
   * was cut off, are dropped. 0 starts an empty log.
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
   * Appends one line, such as the metrics of a step. NaN and Infinity become null; typed arrays
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

/** The earlier name of the teacher calls, and the present one. */
const EARLIER_NAME = ['"evaluations":', '"teacherCalls":'] as const;

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
  await writeFile(path, kept.map((line) => `${line}\n`).join("").replaceAll(...EARLIER_NAME));
}

function stepOf(line: string): number | undefined {
  try {
    const step = JSON.parse(line)?.step;
    return typeof step === "number" ? step : undefined;
  } catch {
    return undefined;
  }
}
