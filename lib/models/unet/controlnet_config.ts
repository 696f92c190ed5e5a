import type { ModelFolder } from "../../weights/model_folder.ts";
import { ModelConfig } from "../model_config.ts";
import {
  HARMLESS_TRUNK_OPTIONS,
  readUnetTrunk,
  type UnetTrunkConfig,
} from "./unet_trunk_config.ts";

/** Options of a ControlNetModel. */
export interface ControlnetConfig extends UnetTrunkConfig {
  /** Channels of each level of the embedding of the control image, highest resolution first. */
  readonly conditioningChannels: readonly number[];
  /** Pixels of the control image per latent, along each axis. */
  readonly conditioningFactor: number;
  /** The middle block, which every ControlNet has. */
  readonly midBlock: NonNullable<UnetTrunkConfig["midBlock"]>;
}

/**
 * Reads the options of a ControlNet.
 *
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export async function readControlnetConfig(
  folder: ModelFolder,
  subfolder: string,
): Promise<ControlnetConfig> {
  return parseControlnetConfig(await ModelConfig.open(folder, subfolder));
}

/**
 * Reads the options of a ControlNet from an open file.
 *
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export function parseControlnetConfig(config: ModelConfig): ControlnetConfig {
  config.choice("_class_name", ["ControlNetModel"], "ControlNetModel");
  config.choice("conditioning_channels", [3], 3);
  config.choice("controlnet_conditioning_channel_order", ["rgb"], "rgb");
  config.requireOff("global_pool_conditions");
  const { midBlock, ...trunk } = readUnetTrunk(config);
  if (!midBlock) throw config.refusal("mid_block_type", "the name of a block");
  const conditioningChannels = config.integers(
    "conditioning_embedding_out_channels",
    [16, 32, 96, 256],
  );
  const conditioningFactor = 2 ** (conditioningChannels.length - 1);
  config.assertAllRead(HARMLESS_TRUNK_OPTIONS);
  return { ...trunk, midBlock, conditioningChannels, conditioningFactor };
}
