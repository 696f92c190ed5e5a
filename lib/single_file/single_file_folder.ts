import type { ByteSource } from "../weights/byte_source.ts";
import { type ModelFolder, ModelFolderError } from "../weights/model_folder.ts";
import { readSafetensorsHeader, type SafetensorsHeader } from "../weights/safetensors.ts";
import {
  deriveConfigs,
  type DerivedConfig,
  type DerivedConfigs,
  readTraining,
} from "./derive_configs.ts";
import { CONFIGS_BESIDE } from "./files_beside.ts";
import { RemappedSource } from "./remapped_source.ts";
import { type SplitCheckpoint, splitCheckpoint } from "./split_checkpoint.ts";

/** Options of {@linkcode SingleFileFolder.open}. */
export interface SingleFileOptions {
  /** Files beside the checkpoint. Their configs tell what no tensor does. Default: none. */
  readonly beside?: ModelFolder;
  /** Folder with the tokenizers in `tokenizer` and `tokenizer_2`. Default: none. */
  readonly tokenizers?: ModelFolder;
}

/** Name of the weights of each network in the folder. */
const WEIGHTS = "model.safetensors";
/** Options that no tensor tells. A config beside the file may tell them. */
const UNTOLD: readonly string[] = [
  "attention_head_dim",
  "num_attention_heads",
  "norm_num_groups",
  "norm_eps",
  "sample_size",
  "upcast_attention",
  "flip_sin_to_cos",
  "freq_shift",
  "hidden_act",
  "eos_token_id",
  "layer_norm_eps",
  "scaling_factor",
  "force_upcast",
];
/** Options of which one tells that a config beside the file describes the same network. */
const WIDTHS = ["block_out_channels", "hidden_size"];

/**
 * A checkpoint in a single file as a model folder in diffusers' layout.
 *
 * Configs are derived from shapes. Weights are not copied: their files are views of the checkpoint
 * with other names.
 */
export class SingleFileFolder implements ModelFolder {
  /** Path or address of the checkpoint. */
  readonly location: string;
  /** Its parts. */
  readonly split: SplitCheckpoint;
  /** Its header. */
  readonly header: SafetensorsHeader;
  readonly #open: () => Promise<ByteSource>;
  readonly #configs: DerivedConfigs;
  readonly #tokenizers: ModelFolder | undefined;

  private constructor(parts: {
    readonly location: string;
    readonly split: SplitCheckpoint;
    readonly header: SafetensorsHeader;
    readonly open: () => Promise<ByteSource>;
    readonly configs: DerivedConfigs;
    readonly tokenizers: ModelFolder | undefined;
  }) {
    this.location = parts.location;
    this.split = parts.split;
    this.header = parts.header;
    this.#open = parts.open;
    this.#configs = parts.configs;
    this.#tokenizers = parts.tokenizers;
  }

  /**
   * Reads the header of a checkpoint.
   *
   * @param folder Folder of the file.
   * @param path Path in the folder.
   * @throws {SafetensorsError} If it is no safetensors file.
   * @throws {ModelFolderError} If it cannot be read.
   */
  static async open(
    folder: ModelFolder,
    path: string,
    { beside, tokenizers }: SingleFileOptions = {},
  ): Promise<SingleFileFolder> {
    const open = () => folder.source(path);
    const source = await open();
    let header: SafetensorsHeader;
    try {
      header = readSafetensorsHeader(source);
    } finally {
      source.close();
    }
    const split = splitCheckpoint(header.tensors);
    const derived = deriveConfigs(split, readTraining(split.markers, header.metadata));
    const configs = new Map<string, DerivedConfig>();
    for (const [name, config] of derived) {
      configs.set(name, await completed(config, beside, name));
    }
    return new SingleFileFolder({
      location: source.name,
      split,
      header,
      open,
      configs,
      tokenizers,
    });
  }

  /** Tells whether there is a config, a network or a file of a tokenizer. */
  async has(path: string): Promise<boolean> {
    if (this.#configs.has(path)) return true;
    if (isTokenizer(path)) return await this.#tokenizers?.has(path) ?? false;
    return this.#partOf(path) !== undefined;
  }

  /** Returns a config as JSON, or a file of a tokenizer. */
  async text(path: string): Promise<string> {
    const config = this.#configs.get(path);
    if (config) {
      const untold = Object.keys(config).filter((key) => config[key] === undefined);
      if (untold.length === 0) return JSON.stringify(config);
      throw new ModelFolderError(
        this.location,
        `its tensors do not tell ${untold.join(" and ")}; put the config of the network beside ` +
          `it as "${path}"`,
      );
    }
    if (isTokenizer(path) && this.#tokenizers) return await this.#tokenizers.text(path);
    throw new ModelFolderError(this.location, `it has no ${path}`);
  }

  /** Opens the weights of a network: a view of the checkpoint with the names of diffusers. */
  async source(path: string): Promise<ByteSource> {
    const part = this.#partOf(path);
    if (!part) throw new ModelFolderError(this.location, `it has no ${path}`);
    return new RemappedSource(await this.#open(), this.header, part.tensors);
  }

  #partOf(path: string) {
    return this.split.parts.find(({ part }) => path === `${part}/${WEIGHTS}`);
  }
}

function isTokenizer(path: string): boolean {
  return /^tokenizer(_2)?\//.test(path);
}

/** Takes what no tensor tells from a config beside the file, if it describes the same network. */
async function completed(
  config: DerivedConfig,
  beside: ModelFolder | undefined,
  name: string,
): Promise<DerivedConfig> {
  if (!beside || !CONFIGS_BESIDE.includes(name) || !await beside.has(name)) return config;
  let told: unknown;
  try {
    told = JSON.parse(await beside.text(name));
  } catch (error) {
    if (error instanceof SyntaxError) return config;
    throw error;
  }
  if (typeof told !== "object" || told === null) return config;
  const options = told as DerivedConfig;
  const isSame = WIDTHS.some((key) =>
    config[key] !== undefined && JSON.stringify(config[key]) === JSON.stringify(options[key])
  );
  if (!isSame) return config;
  const extra = UNTOLD.filter((key) => options[key] !== undefined && options[key] !== null);
  return { ...config, ...Object.fromEntries(extra.map((key) => [key, options[key]])) };
}
