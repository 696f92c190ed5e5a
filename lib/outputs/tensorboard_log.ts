import { join } from "node:path";
import type { GeneratorStatistics } from "../generator/generator_statistics.ts";
import { ProtoWriter } from "../protobuf/proto_writer.ts";
import { maskedCrc32c } from "../files/crc32c.ts";
import { OutputError } from "../files/output_error.ts";
import { makeFolder } from "../files/write_file.ts";

/** Options of {@linkcode TensorboardLog.open}. */
export interface TensorboardLogOptions {
  /** The run continues after this step; TensorBoard drops later ones. Default: 0, a new run. */
  readonly resumeStep?: number;
  /** Time of the first event in milliseconds since 1970; part of the file name. Default: now. */
  readonly time?: number;
}

// Field numbers. Source: TensorFlow, core/util/event.proto and core/framework/summary.proto.
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const SESSION_LOG = { status: 1 } as const;
const SESSION_START = 1;
const SUMMARY = { value: 1 } as const;
const VALUE = { tag: 1, simpleValue: 2 } as const;

/**
 * A file of scalars for TensorBoard: `events.out.tfevents.<seconds>.<host>`.
 *
 * It needs read and write permission for its folder. The host in its name is "localhost" unless
 * `--allow-sys=hostname` is granted. Each call appends one whole event, so that TensorBoard can
 * read at the same time; calls are awaited one after the other. A resumed run opens a new file in
 * the same folder, as TensorFlow and PyTorch do.
 */
export class TensorboardLog implements Disposable {
  /** Path of the file. */
  readonly path: string;
  readonly #file: Deno.FsFile;
  /** Bytes of the complete records. */
  #byteLength = 0;

  private constructor(path: string, file: Deno.FsFile) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Creates a file in a folder, which is created, too.
   *
   * @throws {OutputError} If it cannot be created.
   */
  static async open(folder: string, options: TensorboardLogOptions = {}): Promise<TensorboardLog> {
    const { resumeStep = 0, time = Date.now() } = options;
    await makeFolder(folder);
    using stack = new DisposableStack();
    const { path, file } = await createFile(folder, time);
    const log = stack.use(new TensorboardLog(path, file));
    await log.#append(time, (event) => event.text(EVENT.fileVersion, "brain.Event:2"));
    if (resumeStep > 0) await log.#appendRestart(time, resumeStep + 1);
    stack.move();
    return log;
  }

  /**
   * Appends the scalars of one step.
   *
   * @param step Optimizer step, from 1.
   * @param scalars Values by tag, stored as 32-bit floats, including NaN and Infinity.
   * @param time Milliseconds since 1970. Default: now.
   * @throws {OutputError} If they cannot be written.
   */
  async append(
    step: number,
    scalars: Readonly<Record<string, number>>,
    time: number = Date.now(),
  ): Promise<void> {
    await this.#append(time, (event) => {
      event.integer(EVENT.step, step).message(EVENT.summary, (summary) => {
        for (const [tag, value] of Object.entries(scalars)) {
          summary.message(SUMMARY.value, (entry) => {
            entry.text(VALUE.tag, tag).float(VALUE.simpleValue, value);
          });
        }
      });
    });
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  /** Writes a restart: TensorBoard then drops this step and later ones of earlier files. */
  async #appendRestart(time: number, step: number): Promise<void> {
    await this.#append(time, (event) => {
      event.integer(EVENT.step, step).message(EVENT.sessionLog, (log) => {
        log.integer(SESSION_LOG.status, SESSION_START);
      });
    });
  }

  async #append(time: number, write: (event: ProtoWriter) => void): Promise<void> {
    const event = new ProtoWriter().double(EVENT.wallTime, time / 1000);
    write(event);
    const record = encodeRecord(event.finish());
    try {
      let written = 0;
      while (written < record.length) written += await this.#file.write(record.subarray(written));
      this.#byteLength += record.length;
    } catch (cause) {
      // Readers stop at an incomplete record, so later ones would be lost.
      await this.#file.truncate(this.#byteLength).catch(() => undefined);
      throw OutputError.from("write", this.path, cause);
    }
  }
}

/**
 * Returns the statistics of a run under SD-piXL's TensorBoard tags.
 *
 * Source: https://github.com/AlexandreBinninger/SD-piXL.
 */
export function statisticsScalars(statistics: GeneratorStatistics): Record<string, number> {
  return {
    average_variance: statistics.variance,
    average_normalized_variance: statistics.normalizedVariance,
    average_entropy: statistics.entropy,
    average_normalized_entropy: statistics.normalizedEntropy,
    max_prob: statistics.maxProbability,
  };
}

/** Encodes a TFRecord: length, its checksum, the bytes, their checksum. */
function encodeRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

/** Creates a new file; TensorBoard reads the files of a folder in the order of their names. */
async function createFile(
  folder: string,
  time: number,
): Promise<{ path: string; file: Deno.FsFile }> {
  const seconds = String(Math.floor(time / 1000)).padStart(10, "0");
  const name = join(folder, `events.out.tfevents.${seconds}.${await hostName()}`);
  for (let attempt = 1;; attempt++) {
    const path = attempt === 1 ? name : `${name}.${attempt}`;
    try {
      return { path, file: await Deno.open(path, { append: true, createNew: true }) };
    } catch (cause) {
      if (cause instanceof Deno.errors.AlreadyExists && attempt < 1000) continue;
      throw OutputError.from("write", path, cause);
    }
  }
}

async function hostName(): Promise<string> {
  const { state } = await Deno.permissions.query({ name: "sys", kind: "hostname" });
  const name = state === "granted" ? Deno.hostname() : "";
  return name.replaceAll(/[^A-Za-z0-9._-]+/g, "_") || "localhost";
}
