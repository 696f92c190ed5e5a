import { ModelConfigError } from "./model_config_error.ts";

/**
 * Reads and checks the options of a network, one by one.
 *
 * It remembers which options were read. {@linkcode assertAllRead} refuses the others, so that no
 * option that could change the result is ignored.
 */
export class OptionReader {
  /** Path or address of the file, for error messages. */
  readonly file: string;
  /** Prefix of the names of options in error messages. */
  protected readonly prefix: string;
  readonly #options: ReadonlyMap<string, unknown>;
  readonly #read = new Set<string>();

  /**
   * Takes the options of a file.
   *
   * @param prefix Prefix of the names of options in error messages. Default: "".
   */
  constructor(file: string, options: Readonly<Record<string, unknown>>, prefix = "") {
    this.file = file;
    this.prefix = prefix;
    this.#options = new Map(Object.entries(options));
  }

  /** Returns the value of an option; undefined if it is missing. */
  get(key: string): unknown {
    this.#read.add(key);
    return this.#options.get(key);
  }

  /** Returns all options; they do not count as read. */
  options(): Record<string, unknown> {
    return Object.fromEntries(this.#options);
  }

  /**
   * Returns the error that refuses the value of an option.
   *
   * @param expected What is supported, such as "an integer >= 1".
   */
  refusal(key: string, expected: string): ModelConfigError {
    const option = { key: this.prefix + key, value: this.get(key) };
    return new ModelConfigError(this.file, option, expected);
  }

  /**
   * Reads an option that must be one of some values.
   *
   * @param fallback Meaning of a missing option.
   * @throws {ModelConfigError} If its value is none of them.
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

  /**
   * Requires that options are off: missing, null, false, or a list of false.
   *
   * @throws {ModelConfigError} If one is on.
   */
  requireOff(...keys: readonly string[]): void {
    for (const key of keys) {
      const value = this.get(key) ?? false;
      const isOff = [value].flat().every((item) => item === false);
      if (!isOff) throw this.refusal(key, "null or false");
    }
  }

  /**
   * Reads true or false.
   *
   * @throws {ModelConfigError} If it is something else.
   */
  boolean(key: string, fallback: boolean): boolean {
    const value = this.get(key) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.refusal(key, "true or false");
  }

  /**
   * Reads an integer >= 1, up to a plausible maximum for its name: see {@linkcode maxOf}.
   *
   * @throws {ModelConfigError} If it is something else.
   */
  integer(key: string, fallback?: number): number {
    const value = this.#given(key, fallback);
    if (isInteger(value, 1, maxOf(key))) return value;
    throw this.refusal(key, `an integer from 1 to ${maxOf(key)}`);
  }

  /**
   * Reads a finite number > 0.
   *
   * @throws {ModelConfigError} If it is something else.
   */
  positive(key: string, fallback?: number): number {
    const value = this.#given(key, fallback);
    if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value;
    throw this.refusal(key, "a number > 0");
  }

  /**
   * Reads a list of 1 to 64 integers >= `min`, up to a plausible maximum for their name.
   *
   * @throws {ModelConfigError} If it is something else.
   */
  integers(key: string, fallback?: readonly number[], min = 1): readonly number[] {
    const value = this.#given(key, fallback);
    const max = maxOf(key);
    const isList = Array.isArray(value) && value.length > 0 && value.length <= MAX_ITEMS;
    if (isList && value.every((item) => isInteger(item, min, max))) return value;
    throw this.refusal(key, `a list of 1 to ${MAX_ITEMS} integers from ${min} to ${max}`);
  }

  /**
   * Reads an integer >= 1 for each of `count` blocks, up to a plausible maximum for its name: a
   * list, or a number for all blocks.
   *
   * @throws {ModelConfigError} If it is something else.
   */
  integerPerBlock(key: string, count: number, fallback?: number): readonly number[] {
    const value = this.#given(key, fallback);
    const fits = (item: unknown) => isInteger(item, 1, maxOf(key));
    if (fits(value)) return new Array<number>(count).fill(value as number);
    if (Array.isArray(value) && value.length === count && value.every(fits)) return value;
    throw this.refusal(key, `an integer from 1 to ${maxOf(key)}, or ${count} of them`);
  }

  /**
   * Reads a list of at least one name out of `values`.
   *
   * @throws {ModelConfigError} If it is something else.
   */
  names<T extends string>(key: string, values: readonly T[], fallback: readonly T[]): readonly T[] {
    const value = this.#given(key, fallback);
    const isKnown = (name: unknown) => values.some((known) => known === name);
    if (Array.isArray(value) && value.length > 0 && value.every(isKnown)) return value;
    throw this.refusal(key, `a list of ${values.map((name) => `"${name}"`).join(" or ")}`);
  }

  /**
   * Requires that every option was read, is null, or is harmless.
   *
   * @param harmless Options that do not change the result of the network.
   * @throws {ModelConfigError} If there is another option.
   */
  assertAllRead(harmless: readonly string[]): void {
    const [key] = this.unreadOptions(harmless);
    if (key !== undefined) throw this.refusal(key, "no such option");
  }

  /** Lists the options that were not read, except those that are null or harmless. */
  unreadOptions(harmless: readonly string[]): string[] {
    const unread: string[] = [];
    for (const [key, value] of this.#options) {
      if (this.#read.has(key) || harmless.includes(key) || value === null) continue;
      unread.push(key);
    }
    return unread;
  }

  /** Returns the fallback only for a missing option: null is a value. */
  #given(key: string, fallback: unknown): unknown {
    const value = this.get(key);
    return value === undefined ? fallback : value;
  }
}

/** Maximum number of items in a list. */
const MAX_ITEMS = 64;

/** Plausible maxima by name. Larger numbers would take the memory before any weight is missing. */
const MAXIMA: readonly (readonly [name: RegExp, max: number])[] = [
  [/(^|_)(layers|blocks|depths)(_|$)/, 512],
  [/_(max_length|position_embeddings)$/, 65_536],
  [/_timesteps$/, 100_000],
];
/** Maximum of other integers: channels, tokens, groups. */
const MAX_INTEGER = 1_048_576;

/** Returns the maximum of an option that is an integer. */
function maxOf(key: string): number {
  return MAXIMA.find(([name]) => name.test(key))?.[1] ?? MAX_INTEGER;
}

function isInteger(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}
