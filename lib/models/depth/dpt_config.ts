import type { ModelFolder } from "../../weights/model_folder.ts";
import { type BitConfig, parseBitConfig } from "./bit_config.ts";
import { readReassembleFactors } from "./dpt_layers.ts";
import { ModelConfig } from "../model_config.ts";
import { PRETRAINED_OPTIONS } from "../pretrained_options.ts";
import { readVitOptions, type VitConfig } from "./vit_config.ts";

/** Options of a hybrid DPTForDepthEstimation. */
export interface DptConfig extends VitConfig {
  /** Options of the convolutional backbone, which processes the image first. */
  readonly backbone: BitConfig;
  /** Layers of the transformer whose outputs the neck uses, from 0, the finer first. */
  readonly outIndices: readonly [number, number];
  /** Channels of the inputs of the neck: two stages of the backbone, then two layers. */
  readonly neckHiddenSizes: readonly number[];
  /** Factors by which the neck resizes the outputs of the two layers. */
  readonly reassembleFactors: readonly [number, number];
  /** Channels of the fused feature maps. */
  readonly fusionHiddenSize: number;
}

/** Inputs of the neck: two stages of the backbone, two layers of the transformer. */
const FEATURES = 4;
/** Pixels per position of the last stage: the stem halves twice, two stages halve once. */
const BACKBONE_STRIDE = 16;

/** Options that do not change what the graph computes. */
const HARMLESS_OPTIONS: readonly string[] = [
  ...PRETRAINED_OPTIONS,
  // For networks for other tasks.
  "auxiliary_loss_weight",
  "num_labels",
  "pooler_act",
  "pooler_output_size",
  "semantic_classifier_dropout",
  "semantic_loss_ignore_index",
  "use_auxiliary_head",
];

/**
 * Reads the options of a hybrid DPT.
 *
 * @param subfolder Folder of the network inside the model folder. Default: "", the model folder
 * itself.
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export async function readDptConfig(folder: ModelFolder, subfolder = ""): Promise<DptConfig> {
  return parseDptConfig(await ModelConfig.open(folder, subfolder));
}

/**
 * Reads the options of a hybrid DPT from an open file.
 *
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export function parseDptConfig(config: ModelConfig): DptConfig {
  config.choice("model_type", ["dpt"]);
  assertEstimatesDepth(config);
  config.choice("is_hybrid", [true], false as true);
  config.choice("readout_type", ["project"], "project");
  config.choice("head_in_index", [-1], -1);
  config.choice("use_bias_in_fusion_residual", [null, true]);
  config.requireOff(
    "add_projection",
    "backbone",
    "backbone_kwargs",
    "use_batch_norm_in_fusion_residual",
    "use_pretrained_backbone",
    "use_timm_backbone",
  );
  const ignored = config.integers("neck_ignore_stages", [0, 1], 0);
  if (ignored.join() !== "0,1") throw config.refusal("neck_ignore_stages", "[0, 1]");
  const backbone = parseBitConfig(config.section("backbone_config"));
  const channels = backbone.hiddenSizes.at(-1)!;
  const map = config.integers("backbone_featmap_shape", [1, 1024, 24, 24]);
  if (map.length !== 4 || map[1] !== channels) {
    throw config.refusal("backbone_featmap_shape", `4 integers, the second ${channels}`);
  }
  const common = readVitOptions(config, { imageSize: 384, layerNormEps: 1e-12 });
  const neckHiddenSizes = config.integers("neck_hidden_sizes", [96, 192, 384, 768]);
  if (neckHiddenSizes.length !== FEATURES) {
    throw config.refusal("neck_hidden_sizes", `${FEATURES} integers`);
  }
  const [, , ...reassembleFactors] = readReassembleFactors(config, FEATURES);
  const parsed: DptConfig = {
    backbone,
    ...common,
    intermediateSize: config.integer("intermediate_size", 3072),
    patchSize: config.choice("patch_size", [BACKBONE_STRIDE], BACKBONE_STRIDE),
    outIndices: readOutIndices(config, common.layers),
    neckHiddenSizes,
    reassembleFactors: reassembleFactors as [number, number],
    fusionHiddenSize: config.integer("fusion_hidden_size", 256),
  };
  config.assertAllRead(HARMLESS_OPTIONS);
  return parsed;
}

/** A network for semantic segmentation has the same model_type. */
function assertEstimatesDepth(config: ModelConfig): void {
  const name = "DPTForDepthEstimation";
  const classes = config.get("architectures") ?? [name];
  if (Array.isArray(classes) && classes.includes(name)) return;
  throw config.refusal("architectures", `["${name}"]`);
}

/**
 * Reads the last two indices; the first two stand for stages of the backbone, whatever they are.
 */
function readOutIndices(config: ModelConfig, layers: number): readonly [number, number] {
  const indices = config.integers("backbone_out_indices", [2, 5, 8, 11], 0);
  const [, , third, last] = indices;
  if (indices.length === FEATURES && third! < last! && last! < layers) return [third!, last!];
  throw config.refusal(
    "backbone_out_indices",
    `${FEATURES} numbers of layers below ${layers}, the last two ascending`,
  );
}
