import { toJson } from "../text/to_json.ts";
import type { Store } from "./store.ts";

/** A file of a result. */
export interface ResultFile {
  /** Its name. */
  readonly name: string;
  /** Its content. */
  readonly content: Uint8Array<ArrayBuffer>;
}

/** What the store says about a finished picture: the object `result.json` beside its files. */
export interface PictureResult {
  /** Id of the job. */
  readonly id: string;
  /** Its files by name, with their SHA-256 in hexadecimal digits. */
  readonly files: Readonly<Record<string, string>>;
  /** The machine: its adapter, runtime and versions. */
  readonly machine: string;
  /** Teacher calls, including those before it was resumed. */
  readonly teacherCalls: number;
  /** Seconds that the last worker took. */
  readonly seconds: number;
}

/** The state of a run that another worker can continue. */
export interface SavedRun {
  /** Steps done. */
  readonly step: number;
  /** Content of the checkpoint's file. */
  readonly checkpoint: Uint8Array<ArrayBuffer>;
  /** Content of metrics.jsonl. */
  readonly metrics: Uint8Array<ArrayBuffer>;
}

/** Results and saved runs of jobs in a store. */
export class JobFiles {
  readonly #store: Store;
  readonly #machine: string;
  #folder: Promise<string> | undefined;

  /**
   * @param machine What a run must have in common with its checkpoint to give the same bits:
   * adapter, runtime and versions.
   */
  constructor(store: Store, machine: string) {
    this.#store = store;
    this.#machine = machine;
  }

  /** Returns where people find the result of a job. */
  locate(id: string): string {
    return this.#store.locate(`results/${id}`);
  }

  /**
   * Reads the result of a job; undefined if it has none yet.
   *
   * @throws {StoreError} If the store cannot be read.
   */
  async result(id: string): Promise<PictureResult | undefined> {
    const bytes = await this.#store.get(resultKey(id));
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  }

  /**
   * Writes the result of a job, once: `result.json` comes last, and the first one stays.
   *
   * @returns The result that the store has.
   * @throws {StoreError} If it cannot be written; the job then has no result.
   */
  async publish(
    id: string,
    files: readonly ResultFile[],
    facts: Pick<PictureResult, "teacherCalls" | "seconds">,
  ): Promise<PictureResult> {
    const earlier = await this.result(id);
    if (earlier) return earlier;
    const hashes: Record<string, string> = {};
    for (const { name, content } of files) {
      await this.#store.put(`results/${id}/${name}`, content);
      hashes[name] = await hashOf(content);
    }
    const result = { id, files: hashes, machine: this.#machine, ...facts };
    const isFirst = await this.#store.putNew(resultKey(id), encode(result));
    return isFirst ? result : await this.result(id) ?? result;
  }

  /**
   * Saves the state of a run. All workers of equal machines write the same bytes for a step.
   *
   * @throws {StoreError} If it cannot be written; the state before it stays.
   */
  async save(id: string, { step, checkpoint, metrics }: SavedRun): Promise<void> {
    const folder = await this.#stateOf(id);
    const before = await this.#savedStep(id);
    await this.#store.put(`${folder}/checkpoint_${step}`, checkpoint);
    await this.#store.put(`${folder}/metrics_${step}`, metrics);
    await this.#store.put(`${folder}/latest`, encode({ step }));
    if (before !== undefined && before !== step) await this.#removeStep(id, before);
  }

  /**
   * Reads the last state of a run on an equal machine; undefined if there is none.
   *
   * @throws {StoreError} If the store cannot be read.
   */
  async saved(id: string): Promise<SavedRun | undefined> {
    const step = await this.#savedStep(id);
    if (step === undefined) return undefined;
    const folder = await this.#stateOf(id);
    const [checkpoint, metrics] = await Promise.all([
      this.#store.get(`${folder}/checkpoint_${step}`),
      this.#store.get(`${folder}/metrics_${step}`),
    ]);
    return checkpoint && metrics && { step, checkpoint, metrics };
  }

  /**
   * Removes the state of a run, which is finished or canceled.
   *
   * @throws {StoreError} If it cannot be removed.
   */
  async forget(id: string): Promise<void> {
    const step = await this.#savedStep(id);
    if (step === undefined) return;
    await this.#store.remove(`${await this.#stateOf(id)}/latest`);
    await this.#removeStep(id, step);
  }

  async #savedStep(id: string): Promise<number | undefined> {
    const bytes = await this.#store.get(`${await this.#stateOf(id)}/latest`);
    if (bytes === undefined) return undefined;
    const { step } = JSON.parse(new TextDecoder().decode(bytes));
    return Number.isSafeInteger(step) ? step : undefined;
  }

  async #removeStep(id: string, step: number): Promise<void> {
    const folder = await this.#stateOf(id);
    await this.#store.remove(`${folder}/checkpoint_${step}`);
    await this.#store.remove(`${folder}/metrics_${step}`);
  }

  async #stateOf(id: string): Promise<string> {
    this.#folder ??= hashOf(new TextEncoder().encode(this.#machine));
    return `state/${id}/${(await this.#folder).slice(0, 16)}`;
  }
}

function resultKey(id: string): string {
  return `results/${id}/result.json`;
}

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${toJson(value, 2)}\n`);
}

async function hashOf(content: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", content)).toHex();
}
