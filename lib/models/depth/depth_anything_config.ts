import type { ModelFolder } from "../../weights/model_folder.ts";
import { type Dinov2Config, parseDinov2Config } from "./dinov2_config.ts";
import { readReassembleFactors } from "./dpt_layers.ts";
import { ModelConfig } from "../model_config.ts";
import { PRETRAINED_OPTIONS } from "../pretrained_options.ts";

/** Options of a DepthAnythingForDepthEstimation. */
export interface DepthAnythingConfig {
  /** Options of the image encoder. */
  readonly backbone: Dinov2Config;
  /** Channels of the projected feature maps of the backbone, finest first. */
  readonly neckHiddenSizes: readonly number[];
  /** Factors by which the feature maps are resized. */
  readonly reassembleFactors: readonly number[];
  /** Channels of the fused feature maps. */
  readonly fusionHiddenSize: number;
  /** Channels before the last convolution. */
  readonly headHiddenSize: number;
}

/**
 * Reads the options of a depth estimator.
 *
 * @param subfolder Folder of the network inside the model folder. Default: "", the model folder
 * itself.
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export async function readDepthAnythingConfig(
  folder: ModelFolder,
  subfolder = "",
): Promise<DepthAnythingConfig> {
  return parseDepthAnythingConfig(await ModelConfig.open(folder, subfolder));
}

/**
 * Reads the options of a depth estimator from an open file.
 *
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export function parseDepthAnythingConfig(config: ModelConfig): DepthAnythingConfig {
  config.choice("model_type", ["depth_anything"]);
  config.requireOff("backbone", "use_timm_backbone", "use_pretrained_backbone", "backbone_kwargs");
  // Metric depth grows with the distance; ControlNets expect the opposite.
  config.choice("depth_estimation_type", ["relative"], "relative");
  config.choice("max_depth", [1], 1);
  config.choice("head_in_index", [-1], -1);
  const backbone = parseDinov2Config(config.section("backbone_config"));
  config.choice("patch_size", [backbone.patchSize], 14);
  config.choice("reassemble_hidden_size", [backbone.hiddenSize], 384);
  const neckHiddenSizes = config.integers("neck_hidden_sizes", [48, 96, 192, 384]);
  if (backbone.outIndices.length !== neckHiddenSizes.length) {
    throw config.refusal("neck_hidden_sizes", `${backbone.outIndices.length} integers`);
  }
  const parsed: DepthAnythingConfig = {
    backbone,
    neckHiddenSizes,
    reassembleFactors: readReassembleFactors(config, neckHiddenSizes.length),
    fusionHiddenSize: config.integer("fusion_hidden_size", 64),
    headHiddenSize: config.integer("head_hidden_size", 32),
  };
  config.assertAllRead(PRETRAINED_OPTIONS);
  return parsed;
}
