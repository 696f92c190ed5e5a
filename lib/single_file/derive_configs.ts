import { defined } from "../text/defined.ts";
import type { FoundPart, SplitCheckpoint } from "./split_checkpoint.ts";
import type { MappedTensor } from "./tensor_list.ts";

/** Options of a network, as in its config.json. An undefined one cannot be told from tensors. */
export type DerivedConfig = Readonly<Record<string, unknown>>;

/** Configs that a single file lacks, by path. */
export type DerivedConfigs = ReadonlyMap<string, DerivedConfig>;

/** What a model predicts, and whether its last timestep is pure noise. */
export interface TrainingFacts {
  /** What the UNet predicts. */
  readonly predictionType: "epsilon" | "v_prediction";
  /** Whether the last timestep is pure noise. */
  readonly hasZeroTerminalSnr: boolean;
}

/** Channels per head of SDXL and of Stable Diffusion 2; bigG and CLIP-L have the same. */
const HEAD_CHANNELS = 64;
/** Heads of each block of Stable Diffusion 1. */
const SD1_HEADS = 8;
/** Groups of all published UNets and autoencoders. */
const NORM_GROUPS = 32;

/**
 * Derives the configs of the networks of a single file from the shapes of its tensors.
 *
 * What no tensor tells is taken from the published models of the layout: 64 channels per head, 32
 * groups, SDXL's or Stable Diffusion's scale of latents.
 */
export function deriveConfigs(
  { parts }: Pick<SplitCheckpoint, "parts">,
  training: TrainingFacts,
): DerivedConfigs {
  const configs = new Map<string, DerivedConfig>();
  const shapes = new Map(parts.map((part) => [part.part, shapesOf(part)]));
  const pooled = shapes.get("text_encoder_2")?.get("text_projection.weight")?.[0];
  let isXl = false;
  for (const found of parts) {
    const own = shapes.get(found.part)!;
    if (found.part === "unet") {
      isXl = own.has("add_embedding.linear_1.weight");
      configs.set("unet/config.json", deriveUnet(own, pooled));
    } else if (found.part === "controlnet") {
      configs.set("controlnet/config.json", deriveControlnet(own));
    } else if (found.part !== "vae") {
      configs.set(`${found.part}/config.json`, deriveText(own, found));
    }
  }
  const vae = shapes.get("vae");
  if (vae) configs.set("vae/config.json", deriveVae(vae, isXl || !shapes.has("unet")));
  if (shapes.has("unet")) {
    configs.set("scheduler/scheduler_config.json", schedulerOf(training));
    configs.set("model_index.json", {
      _class_name: isXl ? "StableDiffusionXLPipeline" : "StableDiffusionPipeline",
      force_zeros_for_empty_prompt: isXl,
    });
  }
  return configs;
}

type Shapes = ReadonlyMap<string, readonly number[]>;

function shapesOf({ tensors }: Pick<FoundPart, "tensors">): Shapes {
  return new Map(tensors.map(({ key, shape }: MappedTensor) => [key, shape]));
}

/** Returns how many parts below a path are numbered: one more than the largest number. */
function countBelow(shapes: Shapes, path: string): number {
  let count = 0;
  for (const key of shapes.keys()) {
    if (!key.startsWith(`${path}.`)) continue;
    const [number] = key.slice(path.length + 1).split(".");
    if (/^\d{1,3}$/.test(number!)) count = Math.max(count, Number(number) + 1);
  }
  return count;
}

/** Layers of a residual block whose first dimension is the block's number of channels. */
const OUTPUTS = ["conv2.weight", "conv1.weight", "norm2.weight", "conv2.bias", "conv1.bias"];

/** Returns the channels of a block; undefined if no tensor tells. */
function channelsOf(shapes: Shapes, block: string): number | undefined {
  for (let j = 0; j < countBelow(shapes, `${block}.resnets`); j++) {
    for (const layer of OUTPUTS) {
      const shape = shapes.get(`${block}.resnets.${j}.${layer}`);
      if (shape) return shape[0];
    }
  }
  return undefined;
}

function deriveUnet(shapes: Shapes, pooled: number | undefined): DerivedConfig {
  const keys = [...shapes.keys()];
  const levels = countBelow(shapes, "down_blocks");
  const numbers = Array.from({ length: levels }, (_, i) => i);
  const channels = numbers.map((i) => channelsOf(shapes, `down_blocks.${i}`));
  const layers = numbers.map((i) => countBelow(shapes, `down_blocks.${i}.resnets`));
  const hasAttention = (block: string) =>
    keys.some((key) => key.startsWith(`${block}.attentions.`));
  const depth = (path: string) => countBelow(shapes, `${path}.transformer_blocks`);
  const depths = (block: string, count: number) =>
    Array.from({ length: count }, (_, j) => depth(`${block}.attentions.${j}`));
  const middle = depth("mid_block.attentions.0");
  const projection = keys.find((key) => /\.attentions\.\d+\.proj_in\.weight$/.test(key));
  const isLinear = projection !== undefined && shapes.get(projection)!.length === 2;
  const cross = keys.find((key) => key.endsWith(".attn2.to_k.weight"));
  const added = shapes.get("add_embedding.linear_1.weight")?.[1];
  const firstKernel = shapes.get("conv_in.weight");
  return {
    _class_name: "UNet2DConditionModel",
    in_channels: firstKernel?.[1],
    out_channels: shapes.get("conv_out.weight")?.[0],
    conv_in_kernel: firstKernel?.[2],
    conv_out_kernel: shapes.get("conv_out.weight")?.[2],
    block_out_channels: channels,
    layers_per_block: layers,
    down_block_types: numbers.map((i) =>
      hasAttention(`down_blocks.${i}`) ? "CrossAttnDownBlock2D" : "DownBlock2D"
    ),
    up_block_types: numbers.map((i) =>
      hasAttention(`up_blocks.${i}`) ? "CrossAttnUpBlock2D" : "UpBlock2D"
    ),
    mid_block_type: middleType(shapes, hasAttention("mid_block")),
    transformer_layers_per_block: numbers.map((i) => {
      if (hasAttention(`down_blocks.${i}`)) return depths(`down_blocks.${i}`, layers[i]!);
      return i === levels - 1 ? Math.max(1, middle) : 1;
    }),
    reverse_transformer_layers_per_block: numbers.map((i) =>
      hasAttention(`up_blocks.${i}`) ? depths(`up_blocks.${i}`, layers[levels - 1 - i]! + 1) : 1
    ),
    cross_attention_dim: cross === undefined ? undefined : shapes.get(cross)![1],
    attention_head_dim: isLinear ? headsOf(channels) : SD1_HEADS,
    use_linear_projection: isLinear,
    // Stable Diffusion 2.1 overflows in float16 without it; the result is the same.
    upcast_attention: isLinear && added === undefined,
    norm_num_groups: groupsOf(channels),
    sample_size: added === undefined ? (isLinear ? 96 : 64) : 128,
    ...(added === undefined ? {} : addedConditions(added, pooled)),
    ...defined({ time_cond_proj_dim: shapes.get("time_embedding.cond_proj.weight")?.[1] }),
  };
}

/** Options of a UNet that its ControlNets do not have. */
const UNET_ONLY: ReadonlySet<string> = new Set([
  "out_channels",
  "conv_in_kernel",
  "conv_out_kernel",
  "up_block_types",
  "reverse_transformer_layers_per_block",
  "sample_size",
]);

function deriveControlnet(shapes: Shapes): DerivedConfig {
  const trunk = Object.entries(deriveUnet(shapes, undefined))
    .filter(([key]) => !UNET_ONLY.has(key));
  const embedding = "controlnet_cond_embedding";
  // Every second layer changes the channels.
  const halvings = countBelow(shapes, `${embedding}.blocks`) / 2;
  const layers = Array.from({ length: halvings }, (_, i) => `blocks.${2 * i + 1}`);
  return {
    ...Object.fromEntries(trunk),
    _class_name: "ControlNetModel",
    conditioning_embedding_out_channels: ["conv_in", ...layers].map((layer) =>
      shapes.get(`${embedding}.${layer}.weight`)?.[0]
    ),
  };
}

function middleType(shapes: Shapes, hasAttention: boolean): string | null {
  if (hasAttention) return "UNetMidBlock2DCrossAttn";
  return countBelow(shapes, "mid_block.resnets") > 0 ? "UNetMidBlock2D" : null;
}

/** Width of SDXL's pooled prompt. */
const POOLED = 1280;
/** Numbers in SDXL's time ids: sizes and crop. */
const TIME_IDS = 6;
/** The refiner has one number less, a score instead of the target size. */
const REFINER_TIME_IDS = 5;

function addedConditions(width: number, pooled = POOLED): DerivedConfig {
  const sinusoids = [TIME_IDS, REFINER_TIME_IDS].map((count) => (width - pooled) / count)
    .find((count) => Number.isInteger(count) && count > 0);
  return {
    addition_embed_type: "text_time",
    projection_class_embeddings_input_dim: width,
    addition_time_embed_dim: sinusoids,
  };
}

function headsOf(channels: readonly (number | undefined)[]): readonly number[] | undefined {
  const heads = channels.map((count) => (count ?? NaN) / HEAD_CHANNELS);
  return heads.every((count) => Number.isInteger(count)) ? heads : undefined;
}

function groupsOf(channels: readonly (number | undefined)[]): number | undefined {
  return channels.every((count) => (count ?? NaN) % NORM_GROUPS === 0) ? NORM_GROUPS : undefined;
}

/** Activation of OpenCLIP's layers; CLIP-L's own is quick_gelu. */
function deriveText(shapes: Shapes, { part, layout }: FoundPart): DerivedConfig {
  const root = shapes.has("text_model.final_layer_norm.weight") ? "text_model." : "";
  const [vocabulary, width] = shapes.get(`${root}embeddings.token_embedding.weight`) ?? [];
  const projection = shapes.get("text_projection.weight");
  const heads = (width ?? NaN) / HEAD_CHANNELS;
  const isOpen = layout === "OpenCLIP" || part === "text_encoder_2";
  return {
    architectures: [projection ? "CLIPTextModelWithProjection" : "CLIPTextModel"],
    model_type: "clip_text_model",
    vocab_size: vocabulary,
    hidden_size: width,
    intermediate_size: shapes.get(`${root}encoder.layers.0.mlp.fc1.weight`)?.[0],
    num_hidden_layers: countBelow(shapes, `${root}encoder.layers`),
    num_attention_heads: Number.isInteger(heads) ? heads : undefined,
    max_position_embeddings: shapes.get(`${root}embeddings.position_embedding.weight`)?.[0],
    hidden_act: isOpen ? "gelu" : "quick_gelu",
    // Pooled at the token with the highest id, which is the end.
    eos_token_id: 2,
    ...defined({ projection_dim: projection?.[0] }),
  };
}

/** Scales of the latents of SDXL and of Stable Diffusion 1 and 2. */
const XL_SCALE = 0.13025;
const SD_SCALE = 0.18215;

function deriveVae(shapes: Shapes, isXl: boolean): DerivedConfig {
  const channels = Array.from(
    { length: countBelow(shapes, "encoder.down_blocks") },
    (_, i) => channelsOf(shapes, `encoder.down_blocks.${i}`),
  );
  return {
    _class_name: "AutoencoderKL",
    in_channels: shapes.get("encoder.conv_in.weight")?.[1],
    out_channels: shapes.get("decoder.conv_out.weight")?.[0],
    latent_channels: shapes.get("decoder.conv_in.weight")?.[1],
    block_out_channels: channels,
    down_block_types: channels.map(() => "DownEncoderBlock2D"),
    up_block_types: channels.map(() => "UpDecoderBlock2D"),
    layers_per_block: countBelow(shapes, "encoder.down_blocks.0.resnets"),
    mid_block_add_attention: shapes.has("encoder.mid_block.attentions.0.group_norm.weight"),
    use_quant_conv: shapes.has("quant_conv.weight"),
    use_post_quant_conv: shapes.has("post_quant_conv.weight"),
    norm_num_groups: groupsOf(channels),
    scaling_factor: isXl ? XL_SCALE : SD_SCALE,
    // Most baked autoencoders overflow in float16, and nothing in the file tells which do not.
    force_upcast: true,
  };
}

/** The schedule of all Stable Diffusion models. */
function schedulerOf({ predictionType, hasZeroTerminalSnr }: TrainingFacts): DerivedConfig {
  return {
    _class_name: "EulerDiscreteScheduler",
    beta_start: 0.00085,
    beta_end: 0.012,
    beta_schedule: "scaled_linear",
    num_train_timesteps: 1000,
    clip_sample: false,
    set_alpha_to_one: false,
    steps_offset: 1,
    prediction_type: predictionType,
    rescale_betas_zero_snr: hasZeroTerminalSnr,
    timestep_spacing: hasZeroTerminalSnr ? "trailing" : "leading",
  };
}

/**
 * Reads how a model was trained from the markers and the metadata of its file.
 *
 * @param metadata Texts of the header.
 */
export function readTraining(
  markers: readonly string[],
  metadata: Readonly<Record<string, string>>,
): TrainingFacts {
  const told = metadata["modelspec.prediction_type"] ?? metadata["prediction_type"];
  const isV = markers.includes("v_pred") || /^v(_prediction)?$/.test(told ?? "") ||
    metadata["ss_v_parameterization"]?.toLowerCase() === "true";
  const isZero = markers.includes("ztsnr") ||
    metadata["ss_zero_terminal_snr"]?.toLowerCase() === "true";
  return {
    predictionType: isV ? "v_prediction" : "epsilon",
    hasZeroTerminalSnr: isZero,
  };
}
