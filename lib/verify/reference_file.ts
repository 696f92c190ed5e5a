import type { ByteSource } from "../weights/byte_source.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { convertFloats } from "../weights/float16.ts";
import { readSafetensorsHeader, type SafetensorsTensor } from "../weights/safetensors.ts";
import { compareValues, type Limit, type TensorComparison } from "./tensor_comparison.ts";

/** Extension of reference files. */
export const ENDING = ".safetensors";

/** A tensor of a reference file. */
export interface ReferenceTensor {
  /** Sizes of the dimensions, outermost first. */
  readonly shape: readonly number[];
  /** Values, converted from their stored type. */
  readonly data: Float32Array<ArrayBuffer>;
}

/** A safetensors file of reference tensors; it records which of them were used. */
export class ReferenceFile {
  /** Name of the file without extension, such as "vae". */
  readonly name: string;
  readonly #location: string;
  readonly #tensors: ReadonlyMap<string, SafetensorsTensor>;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #used = new Set<string>();

  /**
   * Reads a whole file.
   *
   * @throws {SafetensorsError} If it is not valid.
   */
  constructor(name: string, source: ByteSource) {
    const { tensors, metadata } = readSafetensorsHeader(source);
    this.name = name;
    this.#location = source.name;
    this.#tensors = tensors;
    this.#metadata = metadata;
    this.#bytes = source.read(0, source.byteLength);
  }

  /** Names of all tensors, sorted. */
  get names(): string[] {
    return [...this.#tensors.keys()].sort();
  }

  /** Names of the tensors that were not used. */
  get unused(): string[] {
    return this.names.filter((name) => !this.#used.has(name));
  }

  /** Whether there is a tensor of this name. */
  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** Returns the first capture of `pattern` in all names, sorted, without duplicates. */
  captures(pattern: RegExp): string[] {
    return [...new Set(this.names.flatMap((name) => pattern.exec(name)?.[1] ?? []))];
  }

  /**
   * Returns a tensor.
   *
   * @throws {RangeError} If there is none.
   */
  tensor(name: string): ReferenceTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new RangeError(`Cannot find tensor "${name}" in "${this.#location}"`);
    this.#used.add(name);
    const { offset, byteLength, dtype, shape } = tensor;
    const bytes = convertFloats(this.#bytes.slice(offset, offset + byteLength), dtype, "float32");
    return { shape, data: new Float32Array(bytes.slice().buffer) };
  }

  /**
   * Returns a setting: a string of the metadata, parsed as JSON.
   *
   * @param isValid Whether a value is valid.
   * @param expected Description of valid values, for the error.
   * @throws {TypeError} If it is missing or not valid.
   */
  setting<T>(key: string, isValid: (value: unknown) => value is T, expected: string): T {
    const text = this.#metadata[key];
    const value = text === undefined ? undefined : parseJson(text);
    if (isValid(value)) return value;
    throw new TypeError(
      `Cannot use "${this.#location}": expected ${expected} for "${key}" in its metadata, ` +
        `got ${text ?? "nothing"}`,
    );
  }

  /** Returns a setting that is a number. */
  number(key: string): number {
    return this.setting(key, isNumber, "a number");
  }

  /** Returns a setting that is a list of numbers. */
  numbers(key: string): readonly number[] {
    return this.setting(key, isNumbers, "a list of numbers");
  }

  /** Compares values with a tensor. */
  compare(name: string, actual: ArrayLike<number>, limit: Limit): TensorComparison {
    return compareValues(`${this.name} ${name}`, actual, this.tensor(name).data, limit);
  }

  /** Skips a tensor. */
  skip(name: string, reason: string): TensorComparison {
    this.#used.add(name);
    return { status: "skipped", name: `${this.name} ${name}`, reason };
  }
}

/**
 * Opens a reference file of a folder.
 *
 * @param name Name without extension, such as "vae".
 */
export async function openReference(folder: ModelFolder, name: string): Promise<ReferenceFile> {
  const source = await folder.source(`${name}${ENDING}`);
  try {
    return new ReferenceFile(name, source);
  } finally {
    source.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isNumber);
}
