/** A format of changes to weights, by the endings of its keys. */
export interface LoraFormat {
  /** Name, such as "LoHa". */
  readonly name: string;
  /** End of a key, behind the name of the module. */
  readonly ending: RegExp;
}

/**
 * Formats of LoRA files; the first that fits a key wins.
 *
 * Source: https://github.com/KohakuBlueleaf/LyCORIS (names of keys), peft, and ComfyUI's lora.py.
 */
const LORA_FORMATS: readonly LoraFormat[] = [
  { name: "DoRA", ending: /(\.dora_scale|\.lora_magnitude_vector(\.[^.]+)?(\.weight)?)$/ },
  { name: "LoHa", ending: /\.hada_(w1_a|w1_b|w2_a|w2_b|t1|t2)$/ },
  { name: "LoKr", ending: /\.lokr_(w1|w1_a|w1_b|w2|w2_a|w2_b|t1|t2)$/ },
  { name: "OFT", ending: /\.(oft_blocks|oft_diag|oft_r|oft_R\.weight|oft_S|rescale)$/ },
  { name: "BOFT", ending: /\.boft_[A-Za-z]+$/ },
  { name: "GLoRA", ending: /\.[ab][12]\.weight$/ },
  { name: "(IA)^3", ending: /\.(on_input|ia3_l(\.weight)?)$/ },
  { name: "Diag", ending: /\.(vector|diag)$/ },
  { name: "LoRA with Tucker decomposition", ending: /\.lora_mid\.weight$/ },
  { name: "full differences", ending: /\.(diff|diff_b|set_weight|reshape_weight)$/ },
  { name: "differences of norms", ending: /\.(w_norm|b_norm)$/ },
  { name: "LoRA with biases", ending: /\.lora_(B|up)(\.[^.]+)?\.bias$/ },
  {
    name: "LoRA",
    ending:
      /(\.lora_[AB](\.[^.]+)?|\.lora_(down|up)|[._]lora\.(down|up)|\.lora_linear_layer\.(down|up))\.weight$/,
  },
  { name: "embedded textual inversion", ending: /^bundle_emb\..*$/ },
];

/** The strength of a module; it belongs to all formats. */
export const LORA_ALPHA = /\.alpha$/;

/** The tensor whose first dimension is the rank, or whose second is. */
const RANKS: readonly (readonly [ending: RegExp, axis: 0 | 1])[] = [
  [/(\.lora_A(\.[^.]+)?|\.lora_down|[._]lora\.down|\.lora_linear_layer\.down)\.weight$/, 0],
  [/\.hada_w[12]_b$/, 0],
  [/\.lokr_w[12]_a$/, 1],
];

/** Returns the rank that a tensor tells; undefined if it tells none. */
export function rankOf(key: string, shape: readonly number[]): number | undefined {
  const row = RANKS.find(([ending]) => ending.test(key));
  return row && shape[row[1]];
}

/** Returns the format of a key; undefined if it is none of a LoRA. */
export function formatOf(key: string): LoraFormat | undefined {
  return LORA_FORMATS.find(({ ending }) => ending.test(key));
}

/** How a file spells its keys; the first that fits the first key wins. */
export const LORA_LAYOUTS: readonly (readonly [name: string, key: RegExp])[] = [
  ["kohya", /^(lora|lycoris)_/],
  ["OFT of kohya", /^oft_/],
  ["ComfyUI", /^(diffusion_model|text_encoders)\./],
  ["old diffusers", /(\.processor\.|\.lora_linear_layer\.|_lora\.|\.lora\.(down|up))/],
  ["peft", /^base_model\.model\./],
  [
    "diffusers",
    /^(unet|text_encoder|text_encoder_2|transformer|down_blocks|mid_block|up_blocks)\./,
  ],
];

/** A model that LoRAs are made for, by the names and shapes of their modules. */
interface LoraBase {
  readonly name: string;
  readonly key: RegExp;
  /** Width of the last dimension of the tensor next to the input. Default: any. */
  readonly width?: number;
}

const PROMPT = /attn2[._](processor[._])?to_[kv]/;
const DOWN = String
  .raw`.*(lora_A|lora_down|lora[._]down|lora_linear_layer\.down|hada_w1_b|hada_w2_b)`;
const prompt = new RegExp(`${PROMPT.source}${DOWN}`);

/** Bases; the first that fits wins. */
const LORA_BASES: readonly LoraBase[] = [
  {
    name: "Flux or HunyuanVideo",
    key: /(double_blocks|single_blocks|single_transformer_blocks)[._]\d/,
  },
  {
    name: "Stable Diffusion 3 or Qwen-Image",
    key: /(joint_blocks[._]\d|transformer_blocks[._]\d+[._]attn[._]add_[kqv]_proj)/,
  },
  { name: "Wan", key: /(^|[._])blocks[._]\d+[._](self_attn|cross_attn)[._]/ },
  { name: "Lumina 2 or Z-Image", key: /(^|[._])layers[._]\d+[._](attention|feed_forward)[._]/ },
  { name: "Stable Cascade", key: /(down_blocks|up_blocks)[._]\d+[._]\d+[._](attention|kv_mapper)/ },
  { name: "SDXL", key: prompt, width: 2048 },
  { name: "Stable Diffusion 2", key: prompt, width: 1024 },
  { name: "Stable Diffusion 1.5", key: prompt, width: 768 },
  {
    name: "SDXL",
    key:
      /^(lora_te2_|text_encoder_2\.|oft_unet_input_blocks|lora_unet_(input|middle|output)_block)/,
  },
  { name: "SDXL", key: /(input_blocks|output_blocks|middle_block)[._]\d/ },
  { name: "SDXL", key: /(down_blocks|mid_block|up_blocks).*transformer_blocks[._][1-9]/ },
  { name: "SDXL", key: /^lora_te1_/ },
  { name: "Stable Diffusion 1.5 or 2", key: /^lora_te_text_model/ },
  {
    name: "SDXL or Stable Diffusion",
    key: /^(unet\.|text_encoder\.|lora_unet_)?(down_blocks|mid_block|up_blocks|text_model)/,
  },
  { name: "a diffusion transformer", key: /(^|[._])(transformer_)?blocks[._]\d/ },
];

/** Returns the model that a LoRA was made for, as far as its keys tell. */
export function baseOf(
  tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>,
): string {
  for (const { name, key: pattern, width } of LORA_BASES) {
    for (const [key, { shape }] of tensors) {
      if (pattern.test(key) && (width === undefined || shape.at(-1) === width)) return name;
    }
  }
  return "unknown";
}
