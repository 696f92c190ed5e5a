import { basename, dirname } from "node:path";
import { splitList } from "../text/split_list.ts";
import type { StateDict } from "../weights/state_dict.ts";

/** Networks that a LoRA can change, named like their folders. */
export type LoraComponent = "unet" | "text_encoder" | "text_encoder_2";

/** The parts of a key of a LoRA file. */
export interface LoraKey {
  /** Network of the module. */
  readonly component: LoraComponent;
  /** Module as the file spells it: with dots, or with kohya's underscores. */
  readonly module: string;
  /** What the tensor is. */
  readonly part: LoraPart;
}

/**
 * A tensor of a module: factor "down" [R, ...], factor "up" [O, R], the scalar "alpha" that scales
 * both, the kernel "mid" [R, R, k, k] between them, a full difference of the weight or the bias,
 * LoHa's factors (w, t), LoKr's (k), GLoRA's (a, b), magnitudes of DoRA, blocks of rotations with a
 * factor for each output (OFT, BOFT), or the factors of (IA)^3.
 */
export type LoraPart =
  | "down"
  | "up"
  | "mid"
  | "alpha"
  | "difference"
  | "biasDifference"
  | `w${1 | 2}${"a" | "b"}`
  | `t${1 | 2}`
  | `k${1 | 2}${"" | "a" | "b"}`
  | "kt2"
  | "magnitude"
  | "doraScale"
  | `${"a" | "b"}${1 | 2}`
  | "blocks"
  | "rescale"
  | "vector"
  | "onInput";

/** Endings of keys: those of peft (A and B), of kohya, and of older versions of diffusers. */
const DOWN = /(\.lora_A(\.[^.]+)?|\.lora_down|[._]lora\.down|\.lora_linear_layer\.down)\.weight$/;
const UP = /(\.lora_B(\.[^.]+)?|\.lora_up|[._]lora\.up|\.lora_linear_layer\.up)\.weight$/;
const ALPHA = /\.alpha$/;
/** Differences that are stored whole, also those of normalizations. */
const DIFFERENCE = /\.(diff|w_norm)$/;
const BIAS_DIFFERENCE = /\.(diff_b|b_norm)$/;

/** Endings of the parts. */
const ENDINGS: readonly (readonly [LoraPart, RegExp])[] = [
  ["down", DOWN],
  ["up", UP],
  ["alpha", ALPHA],
  ["difference", DIFFERENCE],
  ["biasDifference", BIAS_DIFFERENCE],
  ["mid", /\.lora_mid\.weight$/],
  ["w1a", /\.hada_w1_a$/],
  ["w1b", /\.hada_w1_b$/],
  ["w2a", /\.hada_w2_a$/],
  ["w2b", /\.hada_w2_b$/],
  ["t1", /\.hada_t1$/],
  ["t2", /\.hada_t2$/],
  ["k1", /\.lokr_w1$/],
  ["k1a", /\.lokr_w1_a$/],
  ["k1b", /\.lokr_w1_b$/],
  ["k2", /\.lokr_w2$/],
  ["k2a", /\.lokr_w2_a$/],
  ["k2b", /\.lokr_w2_b$/],
  ["kt2", /\.lokr_t2$/],
  ["magnitude", /\.lora_magnitude_vector(\.[^.]+)?(\.weight)?$/],
  ["doraScale", /\.dora_scale$/],
  ["a1", /\.a1\.weight$/],
  ["a2", /\.a2\.weight$/],
  ["b1", /\.b1\.weight$/],
  ["b2", /\.b2\.weight$/],
  ["blocks", /\.oft_blocks$/],
  ["rescale", /\.rescale$/],
  ["onInput", /\.on_input$/],
  // Only behind a name without dots: elsewhere it is the weight itself.
  ["vector", /(?<=^(?:lora|lycoris)_[^.]+)\.weight$/],
];

/** Prefix that peft adds to the names of a wrapped model. */
const PEFT_PREFIX = /^base_model\.model\./;
const KOHYA_PREFIX = /^(?:lora|oft)_(unet|te1|te2|te)_/;
/** Prefix of LyCORIS outside of kohya's programs; it names no network. */
const LYCORIS_PREFIX = /^lycoris_/;
const DIFFUSERS_PREFIX = /^(unet|text_encoder_2|text_encoder)\./;
/** Prefixes of ComfyUI, behind which modules have their names in SGM or in transformers. */
const COMFY_PREFIXES: readonly (readonly [string, LoraComponent])[] = [
  ["diffusion_model.", "unet"],
  ["text_encoders.clip_l.transformer.", "text_encoder"],
  ["text_encoders.clip_g.transformer.", "text_encoder_2"],
];
/** A file for the UNet alone may lack the prefix. */
const UNET_MODULE = /^(down_blocks|mid_block|up_blocks)\./;

const KOHYA_COMPONENTS: Readonly<Record<string, LoraComponent>> = {
  unet: "unet",
  te: "text_encoder",
  te1: "text_encoder",
  te2: "text_encoder_2",
};

/** Names of attention layers in old files, with their current names. */
const RENAMED: readonly (readonly [RegExp, string])[] = [
  [/\.processor\b/, ""],
  [/(\.attn[12]\.to_out)$/, "$1.0"],
  [/\.self_attn\.to_out$/, ".self_attn.out_proj"],
  [/\.self_attn\.to_([qkv])$/, ".self_attn.$1_proj"],
];

/**
 * Splits a key of a LoRA file into its parts.
 *
 * Source:
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/loaders/lora_conversion_utils.py; https://github.com/kohya-ss/sd-scripts/blob/main/networks/lora.py (names of keys).
 *
 * @returns undefined if no known layout has such a key.
 */
export function parseLoraKey(key: string): LoraKey | undefined {
  const path = key.replace(PEFT_PREFIX, "");
  const end = ENDINGS.find(([, pattern]) => pattern.test(path));
  if (!end) return undefined;
  const [part, pattern] = end;
  const full = path.replace(pattern, "");
  const kohya = KOHYA_PREFIX.exec(full);
  if (kohya) {
    const component = KOHYA_COMPONENTS[kohya[1]!]!;
    return { component, module: full.slice(kohya[0].length), part };
  }
  if (LYCORIS_PREFIX.test(full)) {
    const module = full.replace(LYCORIS_PREFIX, "");
    return { component: module.startsWith("text_model_") ? "text_encoder" : "unet", module, part };
  }
  for (const [prefix, component] of COMFY_PREFIXES) {
    if (full.startsWith(prefix)) return { component, module: full.slice(prefix.length), part };
  }
  const diffusers = DIFFUSERS_PREFIX.exec(full);
  if (!diffusers && !UNET_MODULE.test(full)) return undefined;
  const component = (diffusers?.[1] ?? "unet") as LoraComponent;
  const rest = full.slice(diffusers?.[0].length ?? 0);
  const module = RENAMED.reduce((name, [old, now]) => name.replace(old, now), rest);
  return { component, module, part };
}

const WEIGHT = ".weight";

/**
 * Maps the names that LoRA files give to modules to the keys of the weights.
 *
 * Names are spelled with underscores instead of dots, so that one map serves the layouts of
 * diffusers and kohya. Names in text encoders lack `text_model.`, which some checkpoints have. A
 * module of a UNet is also listed under its name in Stability's own code (SGM), which kohya's files
 * for SDXL use.
 *
 * @returns Keys of weights by module name, spelled by {@linkcode flatLoraName}.
 */
export function findLoraModules(weights: StateDict): ReadonlyMap<string, string> {
  const modules = weights.keys()
    .filter((key) => key.endsWith(WEIGHT))
    .map((key) => key.slice(0, -WEIGHT.length));
  const found = new Map<string, string>();
  for (const module of modules) found.set(flatLoraName(module), module + WEIGHT);
  for (const [module, name] of sgmNames(modules)) found.set(flatLoraName(name), module + WEIGHT);
  return found;
}

/** Spells the name of a module as {@linkcode findLoraModules} does. */
export function flatLoraName(module: string): string {
  return module.replace(/^text_model[._]/, "").replaceAll(".", "_");
}

/** SGM's names of the layers outside of blocks. */
const SGM_TOP: Readonly<Record<string, string>> = {
  "conv_in": "input_blocks.0.0",
  "conv_norm_out": "out.0",
  "conv_out": "out.2",
  "time_embedding.linear_1": "time_embed.0",
  "time_embedding.linear_2": "time_embed.2",
  "add_embedding.linear_1": "label_emb.0.0",
  "add_embedding.linear_2": "label_emb.0.2",
};

/** SGM's names of the layers of a residual block. */
const SGM_RESNET: Readonly<Record<string, string>> = {
  norm1: "in_layers.0",
  conv1: "in_layers.2",
  time_emb_proj: "emb_layers.1",
  norm2: "out_layers.0",
  conv2: "out_layers.3",
  conv_shortcut: "skip_connection",
};

const BLOCK_MODULE =
  /^((?:down_blocks|up_blocks)\.\d+|mid_block)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)$/;

/**
 * Pairs the modules of a UNet with their names in SGM.
 *
 * SGM numbers blocks consecutively. A residual block and the attention after it share a number, as
 * do an upsampler and the layer before it. A downsampler has its own number.
 *
 * Source: openaimodel.py of https://github.com/Stability-AI/generative-models.
 */
function sgmNames(modules: readonly string[]): [string, string][] {
  const numbers = numberBlocks(modules);
  return modules.flatMap((module): [string, string][] => {
    const top = SGM_TOP[module];
    if (top !== undefined) return [[module, top]];
    const parts = BLOCK_MODULE.exec(module);
    if (!parts) return [];
    const [, block, kind, index, layer] = parts as unknown as string[];
    const name = numbers.get(`${block}.${kind}.${index}`)!;
    if (kind === "resnets") return [[module, `${name}.${SGM_RESNET[layer!] ?? layer}`]];
    // The convolution of a downsampler is called "op".
    return [[module, `${name}.${kind === "downsamplers" ? "op" : layer}`]];
  });
}

/** Numbers the parts of all blocks: "down_blocks.1.attentions.0" is "input_blocks.4.1". */
function numberBlocks(modules: readonly string[]): ReadonlyMap<string, string> {
  const parts = new Set(modules.flatMap((module) => {
    const [, block, kind, index] = BLOCK_MODULE.exec(module) ?? [];
    return block === undefined ? [] : [`${block}.${kind}.${index}`];
  }));
  const numbers = new Map<string, string>();
  // Number 0 is the first convolution.
  let input = 1;
  for (let i = 0; parts.has(`down_blocks.${i}.resnets.0`); i++) {
    const block = `down_blocks.${i}`;
    for (let j = 0; parts.has(`${block}.resnets.${j}`); j++, input++) {
      numbers.set(`${block}.resnets.${j}`, `input_blocks.${input}.0`);
      numbers.set(`${block}.attentions.${j}`, `input_blocks.${input}.1`);
    }
    if (!parts.has(`${block}.downsamplers.0`)) continue;
    numbers.set(`${block}.downsamplers.0`, `input_blocks.${input}.0`);
    input++;
  }
  numbers.set("mid_block.resnets.0", "middle_block.0");
  numbers.set("mid_block.attentions.0", "middle_block.1");
  numbers.set("mid_block.resnets.1", "middle_block.2");
  let output = 0;
  for (let i = 0; parts.has(`up_blocks.${i}.resnets.0`); i++) {
    const block = `up_blocks.${i}`;
    for (let j = 0; parts.has(`${block}.resnets.${j}`); j++, output++) {
      numbers.set(`${block}.resnets.${j}`, `output_blocks.${output}.0`);
      numbers.set(`${block}.attentions.${j}`, `output_blocks.${output}.1`);
    }
    const position = parts.has(`${block}.attentions.0`) ? 2 : 1;
    numbers.set(`${block}.upsamplers.0`, `output_blocks.${output - 1}.${position}`);
  }
  return numbers;
}

/** Name that diffusers gives to the file of a LoRA in a folder. */
export const LORA_FILE = "pytorch_lora_weights.safetensors";

/** Splits a comma-separated list of LoRAs: paths, addresses or ids. */
export function splitLoraPaths(paths: string | null): string[] {
  return splitList(paths ?? "");
}

/** A folder or repository and a file in it: "owner/name:file.safetensors". */
const FILE_IN_FOLDER = /^([^:]*[\\/][^:]*):(?!\/\/)(.+\.safetensors)$/;

/** Returns the folder of a LoRA, which may be a repository of the Hub, and the file in it. */
export function parseLoraLocation(location: string): { folder: string; path: string } {
  const [, folder, path] = FILE_IN_FOLDER.exec(location) ?? [];
  if (folder !== undefined && path !== undefined) return { folder, path };
  if (!location.endsWith(".safetensors")) return { folder: location, path: LORA_FILE };
  const url = /^[a-z][a-z+.-]+:/i.test(location) ? URL.parse(location) : null;
  if (url) {
    return { folder: new URL(".", url).href, path: url.pathname.split("/").at(-1)! };
  }
  const parent = dirname(location);
  // The dot tells "./loras" from a short name of the Hub.
  const isPlain = !/^([.~]|[\\/]|[a-z]:)/i.test(parent);
  return { folder: isPlain ? `./${parent}` : parent, path: basename(location) };
}
