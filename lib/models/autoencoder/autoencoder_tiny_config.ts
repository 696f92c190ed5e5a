import type { ModelConfig } from "../model_config.ts";

/** Activation functions of an AutoencoderTiny. */
export type TinyActivation = "relu" | "silu" | "gelu";

/** Options of an AutoencoderTiny. */
export interface AutoencoderTinyConfig {
  /** Channels of the latents. */
  readonly latentChannels: number;
  /** Pixels of the image per latent, along each axis. */
  readonly factor: number;
  /** Factor of the latents. */
  readonly scalingFactor: number;
  /** Activation inside the blocks; each block ends with ReLU. */
  readonly activation: TinyActivation;
  /** Channels of each level of the encoder, highest resolution first. */
  readonly encoderChannels: readonly number[];
  /** Blocks of each level of the encoder. */
  readonly encoderBlocks: readonly number[];
  /** Channels of each level of the decoder, lowest resolution first. */
  readonly decoderChannels: readonly number[];
  /** Blocks of each level of the decoder. */
  readonly decoderBlocks: readonly number[];
}

/** Options that do not change what the graphs compute. */
const HARMLESS_OPTIONS: readonly string[] = [
  "_diffusers_version",
  "_name_or_path",
  "_use_default_values",
  // A copy of "decoder_block_out_channels".
  "block_out_channels",
  "force_upcast",
  // For latents that are stored as images.
  "latent_magnitude",
  "latent_shift",
  "sample_size",
];

/**
 * Reads the options of an AutoencoderTiny.
 *
 * @throws {ModelConfigError} If one is wrong or not supported.
 */
export function parseAutoencoderTinyConfig(config: ModelConfig): AutoencoderTinyConfig {
  config.choice("_class_name", ["AutoencoderTiny"]);
  config.choice("in_channels", [3], 3);
  config.choice("out_channels", [3], 3);
  config.choice("upsample_fn", ["nearest"], "nearest");
  // Both halves change the size by the same factor.
  config.choice("upsampling_scaling_factor", [2], 2);
  config.choice("shift_factor", [0], 0);
  const activation = config.choice("act_fn", ["relu", "silu", "swish", "gelu"], "relu");
  const encoder = readHalf(config, "encoder", [1, 3, 3, 3]);
  const decoder = readHalf(config, "decoder", [3, 3, 3, 1]);
  if (encoder.channels.length !== decoder.channels.length) {
    throw config.refusal("decoder_block_out_channels", `${encoder.channels.length} levels`);
  }
  const parsed: AutoencoderTinyConfig = {
    latentChannels: config.integer("latent_channels", 4),
    factor: 2 ** (encoder.channels.length - 1),
    scalingFactor: config.positive("scaling_factor", 1),
    activation: activation === "swish" ? "silu" : activation,
    encoderChannels: encoder.channels,
    encoderBlocks: encoder.blocks,
    decoderChannels: decoder.channels,
    decoderBlocks: decoder.blocks,
  };
  config.assertAllRead(HARMLESS_OPTIONS);
  return parsed;
}

/** Reads the encoder or decoder. No layer changes the channels, so all levels have the same. */
function readHalf(
  config: ModelConfig,
  half: "encoder" | "decoder",
  fallback: readonly number[],
): { readonly channels: readonly number[]; readonly blocks: readonly number[] } {
  const [channelsKey, blocksKey] = [`${half}_block_out_channels`, `num_${half}_blocks`];
  const channels = config.integers(channelsKey, [64, 64, 64, 64]);
  // A level without blocks consists of a convolution.
  const blocks = config.integers(blocksKey, fallback, 0);
  if (channels.some((count) => count !== channels[0])) {
    throw config.refusal(channelsKey, "the same channels for all levels");
  }
  if (blocks.length !== channels.length) {
    throw config.refusal(blocksKey, `${channels.length} integers`);
  }
  return { channels, blocks };
}
