import type { FloatType } from "./float16.ts";
import type { SafetensorsDtype } from "./safetensors.ts";

/** One tensor of a checkpoint. Its values are read on demand. */
export interface WeightEntry {
  /** Key in the checkpoint. */
  readonly key: string;
  /** Dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Type in which the values are stored. */
  readonly dtype: SafetensorsDtype;
  /**
   * A type of which {@linkcode WeightEntry.read} returns values without rounding. Undefined if that
   * is not known.
   */
  readonly exactType?: FloatType | undefined;
  /** Whether reading it part by part takes no longer than at once. Undefined: no. */
  readonly isReadInParts?: boolean;
  /**
   * Reads values and converts them.
   *
   * @param start Index of the first value. Default: 0.
   * @param count Number of values. Default: all that follow `start`.
   * @returns Little-endian values of `type`. They may share memory with the source: do not write.
   * @throws {RangeError} If the range lies outside the tensor.
   */
  read(type: FloatType, start?: number, count?: number): Uint8Array<ArrayBuffer>;
  /**
   * Writes all values to memory as little-endian float32 values, where that is faster than
   * {@linkcode WeightEntry.read}, which takes new memory.
   *
   * @param bytes Memory of all values; it begins at a multiple of 4 bytes.
   */
  readInto?(bytes: Uint8Array<ArrayBuffer>): void;
}

/** Provides the weights of a network by key: a checkpoint, or a substitute for one. */
export interface WeightSource {
  /** Path or address of the weights, for error messages. */
  readonly location: string;
  /** Returns all known keys. */
  keys(): readonly string[];
  /** Tells whether any key is `path` or begins with `path` and a dot. */
  hasPrefix(path: string): boolean;
  /**
   * Returns the tensor of a key.
   *
   * @param shape Expected shape. A source that generates weights generates this shape.
   * @throws {RangeError} If there is no such tensor.
   */
  get(key: string, shape?: readonly number[]): WeightEntry;
}
