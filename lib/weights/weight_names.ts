import type { FloatType } from "./float16.ts";

/** Names that one network's weights can have: a single file, or shards with an index. */
export interface WeightNames {
  /** Name of the single file. */
  readonly file: string;
  /** Names of the index of shards, most common first: diffusers has written two forms. */
  readonly indexes: readonly string[];
  /** Name before the variant, such as "model". */
  readonly stem: string;
  /** Variant with its dot: ".fp16", or "". */
  readonly variant: string;
}

/** Names before the ending: of diffusers' networks, then of transformers'. */
const STEMS = ["diffusion_pytorch_model", "model"] as const;

/**
 * Lists the names of a network's weights, most wanted first: all names of the wanted precision come
 * before those of the other.
 *
 * @param prefer Precision that is wanted if a folder has both.
 */
export function weightNames(prefer: FloatType): readonly WeightNames[] {
  const variants = prefer === "float16" ? [".fp16", ""] : ["", ".fp16"];
  return variants.flatMap((variant) =>
    STEMS.map((stem) => ({
      file: `${stem}${variant}.safetensors`,
      indexes: indexNames(stem, variant),
      stem,
      variant,
    }))
  );
}

function indexNames(stem: string, variant: string): readonly string[] {
  if (variant === "") return [`${stem}.safetensors.index.json`];
  return [`${stem}.safetensors.index${variant}.json`, `${stem}${variant}.safetensors.index.json`];
}

/** Tells whether a file is a shard or the index of shards of some weights. */
export function isShardOrIndex(name: string, { stem, variant, indexes }: WeightNames): boolean {
  if (indexes.includes(name)) return true;
  if (!name.startsWith(stem)) return false;
  const shard = /^(\.fp16)?-\d+-of-\d+(\.fp16)?\.safetensors$/.exec(name.slice(stem.length));
  return shard !== null && (shard[1] ?? shard[2] ?? "") === variant;
}

/** Tells whether a file holds a network's weights as a pickle, by its name. */
export function isPickle(name: string): boolean {
  return /^(diffusion_pytorch_model|pytorch_model|model).*\.(bin|ckpt|pth?)$/.test(name);
}

/** Names of weights that are pickles, for folders that cannot be listed. */
export const PICKLE_NAMES: readonly string[] = ["diffusion_pytorch_model.bin", "pytorch_model.bin"];
