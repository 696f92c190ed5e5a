import type { ModelFolder } from "../weights/model_folder.ts";
import { ModelConfigError } from "./model_config_error.ts";

/**
 * The options of a network: a JSON object of the checkpoint, read option by option.
 *
 * Every option must be read, be on a list of harmless ones, or be null: none is passed over that
 * could change the result.
 */
export class ModelConfig {
  /** Path or address of the file. */
  readonly file: string;
  readonly #options: ReadonlyMap<string, unknown>;
  readonly #read = new Set<string>();
  readonly #prefix: string;

  /**
   * Begins with the options that a file holds.
   *
   * @param prefix What is put before the names of options in messages. Default: "".
   */
  constructor(file: string, options: Readonly<Record<string, unknown>>, prefix = "") {
    this.file = file;
    this.#prefix = prefix;
    this.#options = new Map(Object.entries(options));
  }

  /**
   * Reads a file.
   *
   * @param subfolder Folder of the network inside the model folder; "" for the model folder itself.
   * @throws {ModelConfigError} If it is not a JSON object.
   */
  static async open(
    folder: ModelFolder,
    subfolder: string,
    name = "config.json",
  ): Promise<ModelConfig> {
    const path = subfolder === "" ? name : `${subfolder}/${name}`;
    const file = `${folder.location.replace(/\/$/, "")}/${path}`;
    const text = await folder.text(path);
    let options: unknown;
    try {
      options = JSON.parse(text);
    } catch {
      throw new ModelConfigError(file, { key: "", value: text.slice(0, 20) }, "JSON");
    }
    if (typeof options !== "object" || options === null || Array.isArray(options)) {
      throw new ModelConfigError(file, { key: "", value: options }, "a JSON object");
    }
    return new ModelConfig(file, options as Record<string, unknown>);
  }

  /** Reads what the file says; undefined where it says nothing. */
  get(key: string): unknown {
    this.#read.add(key);
    return this.#options.get(key);
  }

  /** Returns all that the file says. */
  options(): Record<string, unknown> {
    return Object.fromEntries(this.#options);
  }

  /** Returns the error that refuses an option. */
  refusal(key: string, expected: string): ModelConfigError {
    const option = { key: this.#prefix + key, value: this.get(key) };
    return new ModelConfigError(this.file, option, expected);
  }

  /** Reads an object of options, such as those of a part of the network. */
  section(key: string): ModelConfig {
    const value = this.get(key) ?? {};
    if (typeof value !== "object" || Array.isArray(value)) {
      throw this.refusal(key, "an object with options");
    }
    const options = value as Readonly<Record<string, unknown>>;
    return new ModelConfig(this.file, options, `${this.#prefix}${key}.`);
  }

  /**
   * Refuses an option unless it is one of some values.
   *
   * @param fallback What a file without the option means.
   */
  choice<T extends string | number | boolean | null>(
    key: string,
    values: readonly T[],
    fallback?: T,
  ): T {
    const value = this.get(key) ?? (values.includes(null as T) ? null : fallback);
    const found = values.find((choice) => choice === value);
    if (found !== undefined) return found;
    const names = values.map((choice) => JSON.stringify(choice)).join(" or ");
    throw this.refusal(key, names);
  }

  /** Refuses options unless they are off: null, false (for each block) or not there. */
  requireOff(...keys: readonly string[]): void {
    for (const key of keys) {
      const value = this.get(key) ?? false;
      const isOff = [value].flat().every((item) => item === false);
      if (!isOff) throw this.refusal(key, "null or false");
    }
  }

  /** Reads true or false. */
  boolean(key: string, fallback: boolean): boolean {
    const value = this.get(key) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.refusal(key, "true or false");
  }

  /** Reads an integer >= 1. */
  integer(key: string, fallback?: number): number {
    const value = this.#given(key, fallback);
    if (isCount(value)) return value;
    throw this.refusal(key, "an integer >= 1");
  }

  /** Reads a number above 0. */
  positive(key: string, fallback?: number): number {
    const value = this.#given(key, fallback);
    if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value;
    throw this.refusal(key, "a number above 0");
  }

  /** Reads a list of integers that are not below `least`. */
  integers(key: string, fallback?: readonly number[], least = 1): readonly number[] {
    const value = this.#given(key, fallback);
    const fits = (item: unknown) => Number.isInteger(item) && item as number >= least;
    if (Array.isArray(value) && value.length > 0 && value.every(fits)) return value;
    throw this.refusal(key, `a list of integers >= ${least}`);
  }

  /** Reads an integer >= 1 for each of `count` blocks: a list, or one for all. */
  integerPerBlock(key: string, count: number, fallback?: number): readonly number[] {
    const value = this.#given(key, fallback);
    if (isCount(value)) return new Array<number>(count).fill(value);
    if (Array.isArray(value) && value.length === count && value.every(isCount)) return value;
    throw this.refusal(key, `an integer >= 1, or ${count} of them`);
  }

  /** Reads a list of names out of some. */
  names<T extends string>(key: string, values: readonly T[], fallback: readonly T[]): readonly T[] {
    const value = this.#given(key, fallback);
    const isKnown = (name: unknown) => values.some((known) => known === name);
    if (Array.isArray(value) && value.length > 0 && value.every(isKnown)) return value;
    throw this.refusal(key, `a list of ${values.map((name) => `"${name}"`).join(" or ")}`);
  }

  /**
   * Refuses what is left: options that were not read.
   *
   * @param harmless Options that do not change the result of a graph.
   */
  assertAllRead(harmless: readonly string[]): void {
    for (const [key, value] of this.#options) {
      if (this.#read.has(key) || harmless.includes(key) || value === null) continue;
      throw this.refusal(key, "no such option");
    }
  }

  /** Only a file without the option means the fallback: null is a value of its own. */
  #given(key: string, fallback: unknown): unknown {
    const value = this.get(key);
    return value === undefined ? fallback : value;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}
