import type { ModelConfig } from "../model_config.ts";
import type { UnetBlock } from "./unet_2d_blocks.ts";

/**
 * Conditions that are added to the time embedding, as SDXL has them (`addition_embed_type`
 * "text_time"): the network has the inputs `text_embeds` [N, P] and `time_ids` [N, 6].
 *
 * Source: Podell et al. 2023, https://arxiv.org/abs/2307.01952, section 2.2.
 */
export interface AddedConditions {
  /** Width of `text_embeds`, the pooled prompt: P. */
  readonly textEmbedDim: number;
  /** Number of sinusoids for each of the numbers in `time_ids`. */
  readonly additionTimeEmbedDim: number;
}

/** Options that a UNet and its ControlNets have in common. */
export interface UnetTrunkConfig {
  /** Channels of the latents. */
  readonly inChannels: number;
  /** Width of a token of the prompt. */
  readonly crossAttentionDim: number;
  /** Conditions beside the prompt; undefined for none, as in Stable Diffusion 1.5. */
  readonly addedConditions: AddedConditions | undefined;
  /** Width of the time embeddings. */
  readonly timeEmbedDim: number;
  /** Whether cosines come before sines. */
  readonly flipSinToCos: boolean;
  /** Subtracted from the number of frequencies in the exponent. */
  readonly freqShift: number;
  /** Groups of the normalizations. */
  readonly normNumGroups: number;
  /** Added to variances in the residual blocks. */
  readonly normEps: number;
  /** Whether the projections of transformers are linear layers instead of convolutions. */
  readonly useLinearProjection: boolean;
  /** Whether attention is computed in float32 whatever the precision of the graph. */
  readonly upcastAttention: boolean;
  /** Down blocks, highest resolution first; all but the last halve height and width. */
  readonly downBlocks: readonly UnetBlock[];
  /** The block at the lowest resolution; null for none. */
  readonly midBlock: UnetBlock | null;
}

/** Length of `time_ids`: original size, crop offset and target size, each height and width. */
export const TIME_IDS = 6;

/**
 * Options that do not change what a graph computes: names, versions, training, and options of layer
 * types that are not supported.
 */
export const HARMLESS_TRUNK_OPTIONS: readonly string[] = [
  "_diffusers_version",
  "_name_or_path",
  "_use_default_values",
  "addition_embed_type_num_heads",
  "dropout",
  // Read if a block has attention.
  "transformer_layers_per_block",
  // Read if there is no "num_attention_heads".
  "attention_head_dim",
  // Written by diffusers' EMAModel.
  "decay",
  "inv_gamma",
  "min_decay",
  "optimization_step",
  "power",
  "update_after_step",
  "use_ema_warmup",
];

/**
 * Reads the options that a UNet and its ControlNets have in common.
 *
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export function readUnetTrunk(config: ModelConfig): UnetTrunkConfig {
  requireSupportedLayers(config);
  const channels = config.integers("block_out_channels", [320, 640, 1280, 1280]);
  const groups = config.integer("norm_num_groups", 32);
  if (channels.some((count) => count % groups !== 0)) {
    throw config.refusal("norm_num_groups", `a divisor of the channels ${channels}`);
  }
  return {
    inChannels: config.integer("in_channels", 4),
    crossAttentionDim: readCrossAttentionDim(config, channels.length),
    addedConditions: readAddedConditions(config),
    timeEmbedDim: isNull(config, "time_embedding_dim")
      ? 4 * channels[0]!
      : config.integer("time_embedding_dim"),
    flipSinToCos: config.boolean("flip_sin_to_cos", true),
    freqShift: config.choice("freq_shift", [0, 1], 0),
    normNumGroups: groups,
    normEps: config.positive("norm_eps", 1e-5),
    useLinearProjection: config.boolean("use_linear_projection", false),
    upcastAttention: config.boolean("upcast_attention", false),
    ...readBlocks(config, channels),
  };
}

function readAddedConditions(config: ModelConfig): AddedConditions | undefined {
  if (config.choice("addition_embed_type", ["text_time", null]) === null) return undefined;
  const additionTimeEmbedDim = evenInteger(config, "addition_time_embed_dim");
  const embedsDim = config.integer("projection_class_embeddings_input_dim");
  const textEmbedDim = embedsDim - TIME_IDS * additionTimeEmbedDim;
  if (textEmbedDim >= 1) return { textEmbedDim, additionTimeEmbedDim };
  throw config.refusal(
    "projection_class_embeddings_input_dim",
    `more than ${TIME_IDS} times addition_time_embed_dim`,
  );
}

/** Refuses options that select layers which are not implemented. */
function requireSupportedLayers(config: ModelConfig): void {
  config.choice("act_fn", ["silu", "swish"], "silu");
  config.choice("downsample_padding", [1], 1);
  config.choice("mid_block_scale_factor", [1], 1);
  config.choice("resnet_time_scale_shift", ["default"], "default");
  config.requireOff(
    "class_embed_type",
    "encoder_hid_dim",
    "encoder_hid_dim_type",
    "num_class_embeds",
    "only_cross_attention",
  );
}

/** Tells whether an option is null or missing. */
export function isNull(config: ModelConfig, key: string): boolean {
  return (config.get(key) ?? null) === null;
}

function evenInteger(config: ModelConfig, key: string): number {
  const value = config.integer(key);
  if (value % 2 === 0) return value;
  throw config.refusal(key, "an even integer");
}

/** The file may give a width per block, but all blocks get the same tokens. */
function readCrossAttentionDim(config: ModelConfig, blocks: number): number {
  const widths = config.integerPerBlock("cross_attention_dim", blocks, 1280);
  if (widths.every((width) => width === widths[0])) return widths[0]!;
  throw config.refusal("cross_attention_dim", "one width for all blocks");
}

function readBlocks(
  config: ModelConfig,
  channels: readonly number[],
): Pick<UnetTrunkConfig, "downBlocks" | "midBlock"> {
  const count = channels.length;
  const kinds = config.names("down_block_types", ["DownBlock2D", "CrossAttnDownBlock2D"], []);
  if (kinds.length !== count) throw config.refusal("down_block_types", `${count} names`);
  const layers = config.integerPerBlock("layers_per_block", count, 2);
  const heads = readHeads(config, channels);
  const downBlocks = kinds.map((kind, i): UnetBlock => ({
    channels: channels[i]!,
    layers: layers[i]!,
    heads: heads[i]!,
    transformerLayers: kind === "CrossAttnDownBlock2D"
      ? readDepths(config, "transformer_layers_per_block", i, { count, layers: layers[i]! })
      : undefined,
  }));
  return { downBlocks, midBlock: readMidBlock(config, downBlocks) };
}

/**
 * Reads the number of heads of each block.
 *
 * diffusers calls it "attention_head_dim", an old mistake that checkpoints depend on. Source:
 * https://github.com/huggingface/diffusers/issues/2011#issuecomment-1547958131.
 */
function readHeads(config: ModelConfig, channels: readonly number[]): readonly number[] {
  const key = isNull(config, "num_attention_heads") ? "attention_head_dim" : "num_attention_heads";
  const heads = config.integerPerBlock(key, channels.length, 8);
  if (channels.every((count, i) => count % heads[i]! === 0)) return heads;
  throw config.refusal(key, `numbers of heads that divide the channels ${channels}`);
}

function readMidBlock(config: ModelConfig, downBlocks: readonly UnetBlock[]): UnetBlock | null {
  const kinds = ["UNetMidBlock2DCrossAttn", "UNetMidBlock2D", null] as const;
  // A missing option means the first kind; null means no block.
  const kind = config.get("mid_block_type") === undefined
    ? kinds[0]
    : config.choice("mid_block_type", kinds);
  if (kind === null) return null;
  const { channels, heads } = downBlocks.at(-1)!;
  const count = downBlocks.length;
  const transformerLayers = kind === "UNetMidBlock2DCrossAttn"
    ? readDepths(config, "transformer_layers_per_block", count - 1, { count, layers: 1 })
    : undefined;
  return { channels, layers: 1, heads, transformerLayers };
}

/**
 * Reads the number of transformer blocks after each residual block of the block `index`. The option
 * is a number for all blocks, or a list with an entry per block: a number, or a list with a number
 * per residual block.
 */
export function readDepths(
  config: ModelConfig,
  key: string,
  index: number,
  { count, layers }: { readonly count: number; readonly layers: number },
): readonly number[] {
  const value = config.get(key) ?? 1;
  const isPerBlock = Array.isArray(value) && value.length === count;
  const depth: unknown = isPerBlock ? value[index] : value;
  if (isDepth(depth)) return new Array<number>(layers).fill(depth);
  if (isPerBlock && Array.isArray(depth) && depth.length >= layers && depth.every(isDepth)) {
    return depth.slice(0, layers);
  }
  throw config.refusal(
    key,
    `an integer from 0 to ${MAX_DEPTH}, or ${count} of them or of lists, the list at ${index} ` +
      `with ${layers}`,
  );
}

/** Maximum number of transformer blocks after one residual block; SDXL has 10. */
const MAX_DEPTH = 512;

function isDepth(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_DEPTH;
}
