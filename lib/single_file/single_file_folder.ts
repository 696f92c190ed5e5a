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
import { hasPermitted } from "./has_permitted.ts";
import { RemappedSource } from "./remapped_source.ts";
import { type SplitCheckpoint, splitCheckpoint } from "./split_checkpoint.ts";

/** Options of {@linkcode SingleFileFolder.open}. */
export interface SingleFileOptions {
  /** Files beside the checkpoint. Their configs tell what no tensor does. Default: none. */
  readonly beside?: ModelFolder;
}

/** Name of the weights of each network in the folder. */
const WEIGHTS = "model.safetensors";
/** Options that no tensor tells. A config beside the file may tell them. */
const UNTOLD: readonly string[] = [
  "addition_time_embed_dim",
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

  private constructor(parts: {
    readonly location: string;
    readonly split: SplitCheckpoint;
    readonly header: SafetensorsHeader;
    readonly open: () => Promise<ByteSource>;
    readonly configs: DerivedConfigs;
  }) {
    this.location = parts.location;
    this.split = parts.split;
    this.header = parts.header;
    this.#open = parts.open;
    this.#configs = parts.configs;
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
    { beside }: SingleFileOptions = {},
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
    return new SingleFileFolder({ location: source.name, split, header, open, configs });
  }

  /** Tells whether there is a config or a network. */
  has(path: string): Promise<boolean> {
    return Promise.resolve(this.#configs.has(path) || this.#partOf(path) !== undefined);
  }

  /** Returns a config as JSON. */
  text(path: string): Promise<string> {
    const config = this.#configs.get(path);
    if (!config) return Promise.reject(new ModelFolderError(this.location, `it has no ${path}`));
    const untold = Object.keys(config).filter((key) => config[key] === undefined);
    if (untold.length === 0) return Promise.resolve(JSON.stringify(config));
    return Promise.reject(
      new ModelFolderError(
        this.location,
        `its tensors do not tell ${untold.join(" and ")}; put the config of the network beside ` +
          `it as "${path}"`,
      ),
    );
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

/** Takes what no tensor tells from a config beside the file, if it describes the same network. */
async function completed(
  config: DerivedConfig,
  beside: ModelFolder | undefined,
  name: string,
): Promise<DerivedConfig> {
  if (!beside) return config;
  for (const path of [name, "config.json"].filter((path) => CONFIGS_BESIDE.includes(path))) {
    const told = await readOptions(beside, path);
    const isSame = WIDTHS.some((key) =>
      config[key] !== undefined && JSON.stringify(config[key]) === JSON.stringify(told[key])
    );
    if (!isSame) continue;
    const extra = UNTOLD.filter((key) => told[key] !== undefined && told[key] !== null);
    return { ...config, ...Object.fromEntries(extra.map((key) => [key, told[key]])) };
  }
  return config;
}

/** Reads a config; none and one that is not valid have no options. */
async function readOptions(folder: ModelFolder, path: string): Promise<DerivedConfig> {
  if (!await hasPermitted(folder, path)) return {};
  try {
    const told: unknown = JSON.parse(await folder.text(path));
    return typeof told === "object" && told !== null ? told as DerivedConfig : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
