import type { ModelFolder } from "../../weights/model_folder.ts";
import { ModelConfig } from "../model_config.ts";
import type { UnetBlock } from "./unet_2d_blocks.ts";
import {
  HARMLESS_TRUNK_OPTIONS,
  isNull,
  readDepths,
  readUnetTrunk,
  type UnetTrunkConfig,
} from "./unet_trunk_config.ts";

/** Options of a UNet2DConditionModel. */
export interface UnetConfig extends UnetTrunkConfig {
  /** Channels of the output. */
  readonly outChannels: number;
  /** Kernel size of the first convolution, odd. */
  readonly convInKernel: number;
  /** Kernel size of the last convolution, odd. */
  readonly convOutKernel: number;
  /** Height and width of the latents in training; undefined if the file does not give them. */
  readonly sampleSize: readonly [number, number] | undefined;
  /** Up blocks, lowest resolution first; all but the last double height and width. */
  readonly upBlocks: readonly UnetBlock[];
}

/**
 * Reads the options of a UNet.
 *
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export async function readUnetConfig(
  folder: ModelFolder,
  subfolder = "unet",
): Promise<UnetConfig> {
  return parseUnetConfig(await ModelConfig.open(folder, subfolder));
}

/**
 * Reads the options of a UNet from an open file.
 *
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export function parseUnetConfig(config: ModelConfig): UnetConfig {
  config.choice("_class_name", ["UNet2DConditionModel"], "UNet2DConditionModel");
  config.choice("attention_type", ["default"], "default");
  config.choice("resnet_out_scale_factor", [1], 1);
  config.choice("time_embedding_type", ["positional"], "positional");
  config.requireOff(
    "center_input_sample",
    "class_embeddings_concat",
    "cross_attention_norm",
    "dual_cross_attention",
    "mid_block_only_cross_attention",
    "resnet_skip_time_act",
    "time_cond_proj_dim",
    "time_embedding_act_fn",
    "timestep_post_act",
  );
  const trunk = readUnetTrunk(config);
  const parsed: UnetConfig = {
    ...trunk,
    outChannels: config.integer("out_channels", 4),
    convInKernel: readKernel(config, "conv_in_kernel"),
    convOutKernel: readKernel(config, "conv_out_kernel"),
    sampleSize: readSampleSize(config),
    upBlocks: readUpBlocks(config, trunk.downBlocks),
  };
  config.assertAllRead(HARMLESS_TRUNK_OPTIONS);
  return parsed;
}

function readKernel(config: ModelConfig, key: string): number {
  const size = config.integer(key, 3);
  if (size % 2 === 1) return size;
  throw config.refusal(key, "an odd integer");
}

function readSampleSize(config: ModelConfig): UnetConfig["sampleSize"] {
  if (isNull(config, "sample_size")) return undefined;
  const [height, width] = config.integerPerBlock("sample_size", 2);
  return [height!, width!];
}

/** Reads the up blocks: the down blocks in reverse order, with one more residual block each. */
function readUpBlocks(config: ModelConfig, downBlocks: readonly UnetBlock[]): UnetBlock[] {
  const count = downBlocks.length;
  const kinds = config.names("up_block_types", ["UpBlock2D", "CrossAttnUpBlock2D"], []);
  if (kinds.length !== count) throw config.refusal("up_block_types", `${count} names`);
  const reversed = "reverse_transformer_layers_per_block";
  const hasReversed = !isNull(config, reversed);
  return kinds.map((kind, i): UnetBlock => {
    const { channels, heads, layers: layersDown } = downBlocks[count - 1 - i]!;
    const layers = layersDown + 1;
    const depths = () =>
      hasReversed
        ? readDepths(config, reversed, i, { count, layers })
        : readDepths(config, "transformer_layers_per_block", count - 1 - i, { count, layers });
    const transformerLayers = kind === "CrossAttnUpBlock2D" ? depths() : undefined;
    return { channels, layers, heads, transformerLayers };
  });
}
