import type { ModelConfig } from "../model_config.ts";

/** Options of an AutoencoderKL. */
export interface AutoencoderKlConfig {
  /** Channels of the latents. */
  readonly latentChannels: number;
  /** Pixels of the image per latent, along each axis. */
  readonly factor: number;
  /** Factor of the latents. */
  readonly scalingFactor: number;
  /** Channels of each level, highest resolution first. */
  readonly channels: readonly number[];
  /** Residual blocks per level of the encoder; the decoder has one more. */
  readonly layersPerBlock: number;
  /** Groups of the normalizations. */
  readonly normNumGroups: number;
  /** Whether the middle blocks have attention. */
  readonly hasAttention: boolean;
  /** Whether a 1x1 convolution follows the encoder. */
  readonly hasQuantConv: boolean;
  /** Whether a 1x1 convolution precedes the decoder. */
  readonly hasPostQuantConv: boolean;
  /** Whether activations exceed the range of float16. */
  readonly forceUpcast: boolean;
}

/** Options that do not change what the graphs compute. */
const HARMLESS_OPTIONS: readonly string[] = [
  "_diffusers_version",
  "_name_or_path",
  "_use_default_values",
  "sample_size",
];

/**
 * Reads the options of an AutoencoderKL.
 *
 * @throws {ModelConfigError} If one is wrong or not supported.
 */
export function parseAutoencoderKlConfig(config: ModelConfig): AutoencoderKlConfig {
  config.choice("_class_name", ["AutoencoderKL"]);
  config.choice("in_channels", [3], 3);
  config.choice("out_channels", [3], 3);
  config.choice("act_fn", ["silu", "swish"], "silu");
  config.choice("shift_factor", [0], 0);
  config.requireOff("latents_mean", "latents_std");
  const channels = config.integers("block_out_channels", [64]);
  checkLevels(config, "down_block_types", "DownEncoderBlock2D", channels.length);
  checkLevels(config, "up_block_types", "UpDecoderBlock2D", channels.length);
  const normNumGroups = config.integer("norm_num_groups", 32);
  if (channels.some((count) => count % normNumGroups !== 0)) {
    throw config.refusal("norm_num_groups", `a divisor of block_out_channels ${channels}`);
  }
  const parsed: AutoencoderKlConfig = {
    latentChannels: config.integer("latent_channels", 4),
    factor: 2 ** (channels.length - 1),
    scalingFactor: config.positive("scaling_factor", 0.18215),
    channels,
    layersPerBlock: config.integer("layers_per_block", 1),
    normNumGroups,
    hasAttention: config.boolean("mid_block_add_attention", true),
    hasQuantConv: config.boolean("use_quant_conv", true),
    hasPostQuantConv: config.boolean("use_post_quant_conv", true),
    forceUpcast: config.boolean("force_upcast", true),
  };
  config.assertAllRead(HARMLESS_OPTIONS);
  return parsed;
}

function checkLevels(config: ModelConfig, key: string, name: string, count: number): void {
  const names = config.names(key, [name], [name]);
  if (names.length !== count) throw config.refusal(key, `${count} times "${name}"`);
}
