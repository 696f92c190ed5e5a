import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import type { ByteSource } from "./byte_source.ts";
import { convertFloats, dequantizeRows, type FloatType } from "./float16.ts";
import type { ModelFolder } from "./model_folder.ts";
import {
  bytesPerValue,
  readSafetensorsHeader,
  type SafetensorsDtype,
  SafetensorsError,
  type SafetensorsTensor,
} from "./safetensors.ts";
import { findWeightFiles, type FoundWeights } from "./weight_files.ts";
import type { WeightEntry, WeightSource } from "./weight_source.ts";

/** Options of {@linkcode StateDict.open}. */
export interface StateDictOptions {
  /** Precision that is taken if the folder has both. Default: "float32". */
  readonly prefer?: FloatType;
}

/** Ending of the tensor whose values multiply the rows of an 8-bit tensor. */
const SCALE_SUFFIX = "_scale";
/** ComfyUI calls the scale of "a.weight" "a.scale_weight". */
const COMFY_SCALE = [/\.weight$/, ".scale_weight"] as const;
/** Types of weights that may have a scale. */
const SCALED_TYPES: readonly SafetensorsDtype[] = ["I8", "F8_E4M3", "F8_E5M2"];

/** The weights of one network: tensors by key, from any number of files. Values are read lazily. */
export class StateDict implements Disposable, WeightSource {
  /** Path or address of the weights, for error messages. */
  readonly location: string;
  readonly #entries: ReadonlyMap<string, WeightEntry>;
  readonly #sources: readonly ByteSource[];

  private constructor(
    location: string,
    entries: ReadonlyMap<string, WeightEntry>,
    sources: readonly ByteSource[],
  ) {
    this.location = location;
    this.#entries = entries;
    this.#sources = sources;
  }

  /**
   * Opens the weights in a subfolder of a model folder.
   *
   * Known names are `diffusion_pytorch_model` and `model`, with and without the variant `fp16`, in
   * one file or in shards with their index.
   *
   * @throws {SafetensorsError} If a file is not valid.
   * @throws {RangeError} If there are no weights, or a weight of the index is missing.
   */
  static async open(
    folder: ModelFolder,
    subfolder: string,
    options: StateDictOptions = {},
  ): Promise<StateDict> {
    const found = await findWeightFiles(folder, subfolder, options.prefer ?? "float32");
    const sources: ByteSource[] = [];
    try {
      for (const file of found.files) sources.push(await folder.source(file));
      const stateDict = StateDict.fromSources(sources, found.location);
      stateDict.#checkIndex(found);
      return stateDict;
    } catch (error) {
      for (const source of sources) source.close();
      throw error;
    }
  }

  /**
   * Creates a state dict over open safetensors files.
   *
   * @param sources Owned by the state dict from here on, and closed with it.
   * @throws {SafetensorsError} If a file is not valid or a key is in two files.
   */
  static fromSources(sources: readonly ByteSource[], location?: string): StateDict {
    const stored = new Map<string, StoredTensor>();
    for (const source of sources) {
      for (const [key, tensor] of readSafetensorsHeader(source).tensors) {
        const other = stored.get(key);
        if (other) {
          throw new SafetensorsError(
            source.name,
            `tensor "${key}" is also in "${other.source.name}"`,
          );
        }
        stored.set(key, { source, tensor });
      }
    }
    const entries = new Map<string, WeightEntry>();
    const scales = new Set<StoredTensor>();
    for (const { tensor } of stored.values()) {
      const scale = findScale(tensor, stored);
      if (!scale) continue;
      checkScale(tensor, scale);
      scales.add(scale);
    }
    for (const [key, { source, tensor }] of stored) {
      if (scales.has(stored.get(key)!)) continue;
      const scale = findScale(tensor, stored);
      entries.set(key, new StoredWeight(source, tensor, scale));
    }
    return new StateDict(location ?? sources[0]?.name ?? "no files", entries, sources);
  }

  /** Creates a state dict over existing entries, such as merged weights. */
  static fromEntries(entries: Iterable<WeightEntry>, location: string): StateDict {
    return new StateDict(location, new Map([...entries].map((entry) => [entry.key, entry])), []);
  }

  /** Returns all keys, in the order of the files, except scales of 8-bit weights. */
  keys(): string[] {
    return [...this.#entries.keys()];
  }

  /** Tells whether a tensor of this key exists. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Tells whether any key is `path` or begins with `path` and a dot. */
  hasPrefix(path: string): boolean {
    if (path === "") return this.#entries.size > 0;
    for (const key of this.#entries.keys()) {
      if (key === path || key.startsWith(`${path}.`)) return true;
    }
    return false;
  }

  /**
   * Returns the tensor of a key.
   *
   * @throws {RangeError} If there is no such tensor.
   */
  get(key: string): WeightEntry {
    const entry = this.#entries.get(key);
    if (entry) return entry;
    throw new RangeError(`Cannot find weight "${key}" in "${this.location}"`);
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const source of this.#sources) source.close();
  }

  #checkIndex({ location, keys }: FoundWeights): void {
    const isScale = (key: string) => key.endsWith(SCALE_SUFFIX) || key.endsWith(COMFY_SCALE[1]);
    const missing = keys?.find((key) => !this.has(key) && !isScale(key));
    if (missing === undefined) return;
    throw new RangeError(
      `Cannot find weight "${missing}" in the shards of "${location}": expected by the index`,
    );
  }
}

interface StoredTensor {
  readonly source: ByteSource;
  readonly tensor: SafetensorsTensor;
}

class StoredWeight implements WeightEntry {
  readonly key: string;
  readonly shape: readonly number[];
  readonly dtype: SafetensorsDtype;
  readonly exactType: FloatType | undefined;
  readonly isReadInParts = true;
  readonly #source: ByteSource;
  readonly #tensor: SafetensorsTensor;
  readonly #scale: StoredTensor | undefined;
  #scales: Float32Array | undefined;

  constructor(source: ByteSource, tensor: SafetensorsTensor, scale: StoredTensor | undefined) {
    this.key = tensor.name;
    this.shape = tensor.shape;
    this.dtype = tensor.dtype;
    this.#source = source;
    this.#tensor = tensor;
    this.#scale = scale;
    this.exactType = tensor.dtype === "F16" && !scale ? "float16" : undefined;
  }

  read(type: FloatType, start = 0, count?: number): Uint8Array<ArrayBuffer> {
    const { offset, byteLength, dtype } = this.#tensor;
    const size = byteLength / bytesPerValue(dtype);
    const length = count ?? size - start;
    if (start < 0 || length < 0 || start + length > size) {
      throw new RangeError(
        `Cannot read values ${start} to ${start + length} of weight "${this.key}": ` +
          `expected a range inside its ${size} values`,
      );
    }
    const bytes = this.#source.read(
      offset + start * bytesPerValue(dtype),
      length * bytesPerValue(dtype),
    );
    if (!this.#scale) return convertFloats(bytes, dtype, type);
    const scales = this.#readScales(this.#scale);
    const rowSize = size / scales.length;
    return dequantizeRows(bytes, scales, { dtype, start, rowSize, type });
  }

  #readScales({ source, tensor }: StoredTensor): Float32Array {
    this.#scales ??= new Float32Array(
      convertFloats(source.read(tensor.offset, tensor.byteLength), tensor.dtype, "float32")
        .slice().buffer,
    );
    return this.#scales;
  }
}

/** Finds the scale of an 8-bit weight; undefined if it has none. */
function findScale(
  { name, dtype }: SafetensorsTensor,
  stored: ReadonlyMap<string, StoredTensor>,
): StoredTensor | undefined {
  if (!SCALED_TYPES.includes(dtype)) return undefined;
  return stored.get(name + SCALE_SUFFIX) ??
    (COMFY_SCALE[0].test(name) ? stored.get(name.replace(...COMFY_SCALE)) : undefined);
}

/** A scale is one number for each row, or, except for I8, one number. */
function checkScale(weight: SafetensorsTensor, { source, tensor }: StoredTensor): void {
  const isFloat = tensor.dtype === "F32" || tensor.dtype === "F16" || tensor.dtype === "BF16";
  const { shape, dtype, name } = tensor;
  const size = shapeSize(shape);
  const isPerRow = weight.shape.length > 0 && size === weight.shape[0] &&
    (shape[0] === size || size === 1);
  if (isFloat && (isPerRow || (size === 1 && weight.dtype !== "I8"))) return;
  throw new SafetensorsError(
    source.name,
    `tensor "${name}": expected scales F32 or F16 [${weight.shape[0] ?? ""}], ` +
      `got ${dtype} [${shape.join(", ")}]`,
  );
}
