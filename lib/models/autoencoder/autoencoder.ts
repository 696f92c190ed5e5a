import type { Graph } from "../../onnx/graph/graph.ts";
import type { GradientGraphs } from "../../onnx/rewrite/split_gradient.ts";
import type { ModelFolder } from "../../weights/model_folder.ts";
import type { WeightSource } from "../../weights/weight_source.ts";
import { buildKlDecoder, buildKlEncoder, buildKlEncoderGradient } from "./autoencoder_kl.ts";
import { parseAutoencoderKlConfig } from "./autoencoder_kl_config.ts";
import {
  type AutoencoderOptions,
  buildTinyDecoder,
  buildTinyEncoder,
  buildTinyEncoderGradient,
} from "./autoencoder_tiny.ts";
import { parseAutoencoderTinyConfig } from "./autoencoder_tiny_config.ts";
import { ModelConfig } from "../model_config.ts";

/** An autoencoder: its sizes, and what builds its graphs. */
export interface Autoencoder {
  /** Name of the class in diffusers. */
  readonly className: "AutoencoderTiny" | "AutoencoderKL";
  /** Channels of the latents. */
  readonly latentChannels: number;
  /** Pixels of the image per latent, along each axis. */
  readonly factor: number;
  /** Factor of the latents: the UNet takes encoded values times this. */
  readonly scalingFactor: number;
  /** Builds the encoder: `image` [N, 3, H, W] in [0, 1] -> `latents` [N, C, h, w], scaled. */
  buildEncoder(weights: WeightSource, options: AutoencoderOptions): Graph;
  /** Builds the encoder and its gradient: `grad_latents` -> `grad_image`. */
  buildEncoderGradient(weights: WeightSource, options: AutoencoderOptions): GradientGraphs;
  /** Builds the decoder: `latents` [N, C, h, w], scaled -> `image` [N, 3, H, W] in [0, 1]. */
  buildDecoder(weights: WeightSource, options: AutoencoderOptions): Graph;
}

/**
 * Reads the options of an AutoencoderTiny or AutoencoderKL.
 *
 * @throws {ModelConfigError} If it is of another class, or an option is wrong or not supported.
 */
export async function readAutoencoder(
  folder: ModelFolder,
  subfolder = "vae",
): Promise<Autoencoder> {
  const file = await ModelConfig.open(folder, subfolder);
  const className = file.choice("_class_name", ["AutoencoderTiny", "AutoencoderKL"]);
  if (className === "AutoencoderTiny") {
    const config = parseAutoencoderTinyConfig(file);
    return {
      className,
      latentChannels: config.latentChannels,
      factor: config.factor,
      scalingFactor: config.scalingFactor,
      buildEncoder: (weights, options) => buildTinyEncoder(weights, config, options),
      buildEncoderGradient: (weights, options) =>
        buildTinyEncoderGradient(weights, config, options),
      buildDecoder: (weights, options) => buildTinyDecoder(weights, config, options),
    };
  }
  const config = parseAutoencoderKlConfig(file);
  return {
    className,
    latentChannels: config.latentChannels,
    factor: config.factor,
    scalingFactor: config.scalingFactor,
    buildEncoder: (weights, options) => buildKlEncoder(weights, config, options),
    buildEncoderGradient: (weights, options) => buildKlEncoderGradient(weights, config, options),
    buildDecoder: (weights, options) => buildKlDecoder(weights, config, options),
  };
}
