/** A value that a key can have. */
export type KeyValue = boolean | number | string | null | readonly (number | string)[];

/**
 * Spec of a key of the config. It is the one source of the key's type, check, default, meaning,
 * JSON Schema and text in `default.yaml`.
 *
 * The kind of value follows from it: a word if there are `choices`, a number if there is a `range`,
 * true or false if the default is one of them or it is a switch, else a text. A list if the default
 * is one, or it is said to be one.
 */
export interface KeySpec {
  /** Meaning, without range and default, and without a final period. */
  readonly doc: string;
  /** Value if no preset, file or flag sets one. */
  readonly default: KeyValue;
  /** Interval of a number, such as "(0, 10]". */
  readonly range?: string;
  /** Whether a number must be an integer, an odd one, or one of 64 bits: a bigint from 2^53. */
  readonly integer?: true | "odd" | "64-bit";
  /** Words to choose from, or words with the meaning of each. */
  readonly choices?: readonly string[] | Readonly<Record<string, string>>;
  /** Whether the value is true or false, for a key whose default is null. */
  readonly isSwitch?: true;
  /** Whether the value is a list, for a key whose default is null. */
  readonly isList?: true;
  /** Meaning of null, for a key that can be null. */
  readonly null?: string;
  /**
   * Whether it names something that is read: a file, folder, URL or model of the Hub; or several of
   * them with commas between. With `choices`, what contains a slash is such a name.
   */
  readonly isPath?: true | "comma-separated";
  /**
   * Whether what it names may be a model of the Hugging Face Hub, so that the command may need the
   * Hub's cache and the network.
   */
  readonly isHubModel?: true;
  /**
   * Whether what it names may be a checkpoint in one .safetensors file, whose configs and
   * tokenizers are read from the files beside it.
   */
  readonly isCheckpoint?: true;
  /** Whether SD-piXL does not have it. */
  readonly isNew?: true;
  /** Former names of the key in its section. */
  readonly oldNames?: readonly string[];
  /** Why it has no effect, for a key of SD-piXL that changes nothing here. */
  readonly unused?: string;
}

/** Specs of keys by their name in TypeScript. */
export type KeySpecs = Readonly<Record<string, KeySpec>>;

/** Type of the value of a key. */
export type ValueOfKey<K extends KeySpec> = K["default"] extends readonly unknown[]
  ? readonly ItemOfKey<K>[]
  : K extends { readonly isList: true } ? readonly ItemOfKey<K>[] | null
  : K extends { readonly null: string } ? ItemOfKey<K> | null
  : ItemOfKey<K>;

/** Type of the value of a key, or of an item if it is a list. */
export type ItemOfKey<K extends KeySpec> = K extends { readonly choices: infer C }
  ? K extends { readonly isPath: true } ? string
  : C extends readonly (infer Word)[] ? Word
  : keyof C
  : K extends { readonly integer: "64-bit" } ? number | bigint
  : K extends { readonly range: string } ? number
  : K extends { readonly isSwitch: true } ? boolean
  : K["default"] extends boolean ? boolean
  : string;

/** Type of the values of keys, and of sections of keys. */
export type ConfigOf<T> = {
  readonly [N in keyof T]: T[N] extends KeySpec ? ValueOfKey<T[N]> : ConfigOf<T[N]>;
};
