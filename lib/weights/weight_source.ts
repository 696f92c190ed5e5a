import type { WeightEntry } from "./state_dict.ts";

/** What a network's weights are asked for by key: a checkpoint, or something in its place. */
export interface WeightSource {
  /** Where the weights come from, for error messages. */
  readonly location: string;
  /** Returns all keys that are known. */
  keys(): readonly string[];
  /** Tells whether any key is `path` or begins with `path` and a dot. */
  hasPrefix(path: string): boolean;
  /**
   * Returns the tensor of a key.
   *
   * @param shape What the caller expects; a source that makes up weights makes them of this shape.
   * @throws {RangeError} If there is none.
   */
  get(key: string, shape?: readonly number[]): WeightEntry;
}
