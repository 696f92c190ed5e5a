import type { WeightEntry } from "../weights/weight_source.ts";
import { RandomWeights, type RandomWeightsOptions } from "../weights/random_weights.ts";
import { buildKlDecoder, buildKlEncoder } from "../models/autoencoder/autoencoder_kl.ts";
import { parseAutoencoderKlConfig } from "../models/autoencoder/autoencoder_kl_config.ts";
import { buildTinyDecoder, buildTinyEncoder } from "../models/autoencoder/autoencoder_tiny.ts";
import { parseAutoencoderTinyConfig } from "../models/autoencoder/autoencoder_tiny_config.ts";
import { parseClipConfig } from "../models/clip/clip_config.ts";
import { buildClipModel } from "../models/clip/clip_model.ts";
import { parseClipTextConfig } from "../models/clip/clip_text_config.ts";
import { buildClipTextModel } from "../models/clip/clip_text_model.ts";
import { parseControlnetConfig } from "../models/unet/controlnet_config.ts";
import { buildControlnet } from "../models/unet/controlnet_model.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { buildUnet } from "../models/unet/unet_2d_condition_model.ts";
import { parseUnetConfig } from "../models/unet/unet_config.ts";

/** Sizes of the inputs; weights do not depend on them. */
const SIZES = {
  batch: 1,
  height: 16,
  width: 16,
  promptLength: 1,
  length: 1,
  images: 1,
  texts: 1,
};

/**
 * Creates random weights for a network of a teacher, with the keys and shapes of its checkpoint.
 *
 * The builder of the network requests the weights, so there is no second list of them.
 *
 * @param config Options of a UNet, ControlNet, autoencoder, text encoder or CLIP.
 * @throws {ModelConfigError} If the network is none of these, or an option is not supported.
 */
export function recordWeights(
  config: ModelConfig,
  options: Pick<RandomWeightsOptions, "seed"> = {},
): readonly WeightEntry[] {
  const kinds = [
    "UNet2DConditionModel",
    "ControlNetModel",
    "AutoencoderTiny",
    "AutoencoderKL",
  ] as const;
  const architectures = config.get("architectures");
  const isText = architectures !== undefined;
  const kind = isText ? "text" : config.choice("_class_name", kinds);
  const weights = new RandomWeights({ ...options, prefixes: isText ? ["text_model"] : [] });
  switch (kind) {
    case "text":
      if ([architectures].flat()[0] !== "CLIPModel") return recordText(weights, config);
      buildClipModel(weights, parseClipConfig(config), SIZES);
      break;
    case "UNet2DConditionModel":
      buildUnet(weights, parseUnetConfig(config), SIZES);
      break;
    case "ControlNetModel":
      buildControlnet(weights, parseControlnetConfig(config), SIZES);
      break;
    case "AutoencoderTiny": {
      const parsed = parseAutoencoderTinyConfig(config);
      buildTinyEncoder(weights, parsed, SIZES);
      buildTinyDecoder(weights, parsed, SIZES);
      break;
    }
    case "AutoencoderKL": {
      const parsed = parseAutoencoderKlConfig(config);
      buildKlEncoder(weights, parsed, SIZES);
      buildKlDecoder(weights, parsed, SIZES);
    }
  }
  return weights.entries;
}

/** A checkpoint without projection also has the last layer, which its graph does not use. */
function recordText(weights: RandomWeights, config: ModelConfig): readonly WeightEntry[] {
  const parsed = parseClipTextConfig(config);
  const projectionDim = parsed.projectionDim ?? parsed.hiddenSize;
  buildClipTextModel(weights, { ...parsed, projectionDim }, SIZES);
  if (parsed.projectionDim !== undefined) return weights.entries;
  return weights.entries.filter(({ key }) => !key.startsWith("text_projection."));
}
