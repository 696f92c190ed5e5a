/** Networks that a LoRA can change, named as their folders. */
export type LoraComponent = "unet" | "text_encoder" | "text_encoder_2";

/** What a key of a LoRA names. */
export interface LoraKey {
  /** Network of the module. */
  readonly component: LoraComponent;
  /** Module, as the file spells it: with dots, or kohya's underscores. */
  readonly module: string;
  /** Factor "down" [R, ...], factor "up" [O, R], or the number that scales both. */
  readonly part: "down" | "up" | "alpha";
}

/** Endings of keys: those of peft (A and B), of kohya, and of older versions of diffusers. */
const DOWN = /(\.lora_A(\.[^.]+)?|\.lora_down|[._]lora\.down|\.lora_linear_layer\.down)\.weight$/;
const UP = /(\.lora_B(\.[^.]+)?|\.lora_up|[._]lora\.up|\.lora_linear_layer\.up)\.weight$/;
const ALPHA = /\.alpha$/;

/** What peft puts before the names of a model that it has wrapped. */
const PEFT_PREFIX = /^base_model\.model\./;
const KOHYA_PREFIX = /^lora_(unet|te1|te2|te)_/;
const DIFFUSERS_PREFIX = /^(unet|text_encoder_2|text_encoder)\./;
/** A file of a UNet alone may do without prefix. */
const UNET_MODULE = /^(down_blocks|mid_block|up_blocks)\./;

const KOHYA_COMPONENTS: Readonly<Record<string, LoraComponent>> = {
  unet: "unet",
  te: "text_encoder",
  te1: "text_encoder",
  te2: "text_encoder_2",
};

/** Names of attention's layers in old files, and what they are now. */
const RENAMED: readonly (readonly [RegExp, string])[] = [
  [/\.processor\b/, ""],
  [/(\.attn[12]\.to_out)$/, "$1.0"],
  [/\.self_attn\.to_out$/, ".self_attn.out_proj"],
  [/\.self_attn\.to_([qkv])$/, ".self_attn.$1_proj"],
];

/**
 * Reads a key of a LoRA file; undefined if it is none that is known.
 *
 * Source: https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/loaders/lora_conversion_utils.py;
 * https://github.com/kohya-ss/sd-scripts/blob/main/networks/lora.py (names of keys).
 */
export function parseLoraKey(key: string): LoraKey | undefined {
  const path = key.replace(PEFT_PREFIX, "");
  const ends = [["down", DOWN], ["up", UP], ["alpha", ALPHA]] as const;
  const end = ends.find(([, pattern]) => pattern.test(path));
  if (!end) return undefined;
  const [part, pattern] = end;
  const full = path.replace(pattern, "");
  const kohya = KOHYA_PREFIX.exec(full);
  if (kohya) {
    const component = KOHYA_COMPONENTS[kohya[1]!]!;
    return { component, module: full.slice(kohya[0].length), part };
  }
  const diffusers = DIFFUSERS_PREFIX.exec(full);
  if (!diffusers && !UNET_MODULE.test(full)) return undefined;
  const component = (diffusers?.[1] ?? "unet") as LoraComponent;
  const rest = full.slice(diffusers?.[0].length ?? 0);
  const module = RENAMED.reduce((name, [old, now]) => name.replace(old, now), rest);
  return { component, module, part };
}
