import { ldmControlnetKeys } from "./ldm_controlnet_keys.ts";
import { ldmUnetKeys } from "./ldm_unet_keys.ts";
import { ldmVaeKeys } from "./ldm_vae_keys.ts";
import { openClipKeys, openClipKeysOfSd2 } from "./open_clip_keys.ts";
import type { KeyMap, MappedTensor, TensorList } from "./tensor_list.ts";

/** A network in a single file, by the name of its folder in diffusers. */
export type CheckpointPart = "unet" | "text_encoder" | "text_encoder_2" | "vae" | "controlnet";

/** How the keys of a part are spelled in the file. */
export type PartLayout = "LDM" | "OpenCLIP" | "transformers" | "diffusers";

/** A network found in a single file. */
export interface FoundPart {
  /** Which network. */
  readonly part: CheckpointPart;
  /** Prefix of its keys in the file. */
  readonly prefix: string;
  /** Layout of its keys. */
  readonly layout: PartLayout;
  /** Its tensors under their names in diffusers. */
  readonly tensors: readonly MappedTensor[];
}

/** The parts of a single file. Each key is in exactly one of these lists. */
export interface SplitCheckpoint {
  /** The networks. */
  readonly parts: readonly FoundPart[];
  /** Markers of the training, such as "v_pred". */
  readonly markers: readonly string[];
  /** Keys that change nothing: constants, statistics, copies of the training. */
  readonly ignored: readonly string[];
  /** All other keys. */
  readonly unknown: readonly string[];
}

interface PartRow {
  readonly part: CheckpointPart;
  readonly prefix: string;
  /** Pattern of a key that must be there, without the prefix. */
  readonly sign?: RegExp;
  readonly layout: PartLayout;
  readonly map: (tensors: TensorList) => KeyMap;
}

const same = (): KeyMap => (key, { shape }) => [{ key, shape }];
/** Old autoencoders of diffusers name their attention in another way, which the builder reads. */
const DIFFUSERS_UNET = /^(conv_in|down_blocks\.\d+)\./;
const DIFFUSERS_VAE = /^(encoder\.down_blocks|decoder\.up_blocks)\./;
const TRANSFORMERS_TEXT =
  /^(text_model\.)?(embeddings\.token_embedding|encoder\.layers\.0\.self_attn)\./;

/** Where networks are in single files. Rows are tried in order; the first for a part wins. */
const PARTS: readonly PartRow[] = [
  ...["control_model.", "controlnet.", ""].flatMap((prefix): PartRow[] => [
    {
      part: "controlnet",
      prefix,
      sign: /^input_hint_block\.0\./,
      layout: "LDM",
      map: ldmControlnetKeys,
    },
    {
      part: "controlnet",
      prefix,
      sign: /^controlnet_cond_embedding\.conv_in\./,
      layout: "diffusers",
      map: same,
    },
  ]),
  ...["model.diffusion_model.", ""].flatMap((prefix): PartRow[] => [
    { part: "unet", prefix, sign: /^input_blocks\.0\.0\./, layout: "LDM", map: ldmUnetKeys },
    { part: "unet", prefix, sign: DIFFUSERS_UNET, layout: "diffusers", map: same },
  ]),
  ...["first_stage_model.", "vae.", ""].flatMap((prefix): PartRow[] => [
    { part: "vae", prefix, sign: DIFFUSERS_VAE, layout: "diffusers", map: same },
    { part: "vae", prefix, sign: /^(en|de)coder\.mid\./, layout: "LDM", map: ldmVaeKeys },
  ]),
  {
    part: "text_encoder_2",
    prefix: "conditioner.embedders.1.transformer.",
    sign: TRANSFORMERS_TEXT,
    layout: "transformers",
    map: same,
  },
  ...[
    "conditioner.embedders.0.transformer.",
    "cond_stage_model.transformer.",
    "cond_stage_model.clip_l.transformer.",
    "",
  ].map(
    (prefix): PartRow => ({
      part: "text_encoder",
      prefix,
      sign: TRANSFORMERS_TEXT,
      layout: "transformers",
      map: same,
    }),
  ),
  ...([
    ["conditioner.embedders.1.model.", "text_encoder_2"],
    ["conditioner.embedders.0.model.", "text_encoder_2"],
    ["cond_stage_model.model.", "text_encoder"],
    ["", "text_encoder_2"],
  ] as const).map(([prefix, part]): PartRow => ({
    part,
    prefix,
    sign: /^transformer\.resblocks\.0\./,
    layout: "OpenCLIP",
    map: part === "text_encoder" ? openClipKeysOfSd2 : () => openClipKeys,
  })),
];

/** Tensors without values that say how a model was trained. */
const MARKERS = /^(v_pred|ztsnr|edm_vpred\.sigma_(max|min)|edm_(mean|std))$/;

/** Keys that change nothing. Source: stable-diffusion.cpp and diffusers, which skip them. */
const IGNORED: readonly RegExp[] = [
  /(^|\.)embeddings\.position_ids$/,
  /(^|\.)logit_scale$/,
  /(^|\.)attn_mask$/,
  /^model_ema\./,
  /^(model\.)?(betas|alphas_cumprod|alphas_cumprod_prev|sqrt_|log_one_minus|posterior_|lvlb_weights|logvar)/,
  /^denoiser\.(sigmas|log_sigmas)$/,
  /^embedding_manager\./,
  /^first_stage_model\.(loss|model_ema)\./,
  /^(loss|model_ema)\./,
  /(^|\.)scaled_fp8$/,
  /\.(scale_input|input_scale)$/,
  // ComfyUI's name of the format of an 8-bit weight, which its type tells, too.
  /\.comfy_quant$/,
  // Progress of a training.
  /^(global_step|epoch|iteration)$/,
  // CLIP-L's projection, which no UNet here takes.
  /^(conditioner\.embedders\.0|cond_stage_model)(\.clip_l)?\.transformer\.text_projection(\.weight)?$/,
];

/** Splits the tensors of a single file into networks, without reading values. */
export function splitCheckpoint(tensors: TensorList): SplitCheckpoint {
  const markers = [...tensors.keys()].filter((key) => MARKERS.test(key));
  const ignored = [...tensors.keys()].filter((key) => IGNORED.some((known) => known.test(key)));
  const rest = new Set(tensors.keys());
  for (const key of [...markers, ...ignored]) rest.delete(key);
  const parts: FoundPart[] = [];
  for (const row of PARTS) {
    if (parts.some(({ part }) => part === row.part)) continue;
    // A part without prefix is a file of one network.
    if (row.prefix === "" && parts.length > 0) continue;
    const own = ownTensors(tensors, rest, row);
    if (own === undefined) continue;
    const map = row.map(own);
    const mapped: MappedTensor[] = [];
    for (const [key, info] of own) {
      const from = row.prefix + key;
      const found = map(key, info);
      if (found === undefined) continue;
      if (found.length === 0) ignored.push(from);
      for (const part of found) mapped.push({ ...part, from });
      rest.delete(from);
    }
    parts.push({ part: row.part, prefix: row.prefix, layout: row.layout, tensors: mapped });
  }
  return { parts, markers, ignored, unknown: [...rest] };
}

/** Returns the tensors below a prefix, without it; undefined if the row's sign is missing. */
function ownTensors(
  tensors: TensorList,
  rest: ReadonlySet<string>,
  { prefix, sign }: PartRow,
): TensorList | undefined {
  const own = new Map(
    [...rest].filter((key) => key.startsWith(prefix))
      .map((key) => [key.slice(prefix.length), tensors.get(key)!] as const),
  );
  if (own.size === 0) return undefined;
  if (sign && !own.keys().some((key) => sign.test(key))) return undefined;
  return own;
}
