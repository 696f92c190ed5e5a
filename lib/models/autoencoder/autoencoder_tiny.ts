import type { FloatType } from "../../weights/float16.ts";
import type { WeightSource } from "../../weights/weight_source.ts";
import { addBackward } from "../../onnx/autodiff/backward.ts";
import type { Graph, Value } from "../../onnx/graph/graph.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { type GradientGraphs, splitGradient } from "../../onnx/rewrite/split_gradient.ts";
import { WeightScope } from "../../onnx/graph/weight_scope.ts";
import type { AutoencoderTinyConfig, TinyActivation } from "./autoencoder_tiny_config.ts";
import { conv2d } from "../layers/weighted_layers.ts";

/** The decoder limits latents to this magnitude, with tanh. Source: DecoderTiny, see below. */
const LATENT_LIMIT = 3;

/** Sizes and precision of an encoder or decoder. */
export interface AutoencoderOptions {
  /** Number of rows, N. */
  readonly batch: number;
  /** Height of the input: of the image for the encoder, of the latents for the decoder. */
  readonly height: number;
  /** Width of the input. */
  readonly width: number;
  /** Precision of the computation. Default: "float32". */
  readonly precision?: FloatType;
}

/**
 * Builds the encoder of diffusers' AutoencoderTiny.
 *
 * Input: `image` [N, 3, H, W] in [0, 1]. Output: `latents` [N, C, H / factor, W / factor], scaled.
 *
 * Source:
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/autoencoders/vae.py,
 * `EncoderTiny`. The reference takes 2 * image - 1 and converts it back first; both are left out
 * here.
 *
 * @throws {RangeError} If a weight is missing or left over, or its shape differs, or height or
 * width of the image is not a multiple of the factor.
 */
export function buildTinyEncoder(
  weights: WeightSource,
  config: AutoencoderTinyConfig,
  options: AutoencoderOptions,
): Graph {
  const g = new GraphBuilder("autoencoder encoder", options);
  g.output("latents", encode(g, weights, config, options).latents);
  return g.build();
}

/**
 * Builds the encoder and its gradient, as two graphs.
 *
 * The forward half is {@linkcode buildTinyEncoder}; the backward half takes `grad_latents`, in the
 * shape of the latents, and computes `grad_image` [N, 3, H, W].
 */
export function buildTinyEncoderGradient(
  weights: WeightSource,
  config: AutoencoderTinyConfig,
  options: AutoencoderOptions,
): GradientGraphs {
  const g = new GraphBuilder("autoencoder encoder", options);
  const { image, latents } = encode(g, weights, config, options);
  const gradOutput = g.input("grad_latents", latents.shape);
  g.output("latents", latents);
  g.output("grad_image", addBackward(g, { output: latents, gradOutput, input: image }));
  return splitGradient(g.build(), ["grad_image"]);
}

/**
 * Builds the decoder of diffusers' AutoencoderTiny.
 *
 * Input: `latents` [N, C, h, w], scaled. Output: `image` [N, 3, h * factor, w * factor], clipped to
 * [0, 1].
 *
 * Source: see {@linkcode buildTinyEncoder}, `DecoderTiny`. The reference returns 2 * image - 1.
 *
 * @throws {RangeError} If a weight is missing or left over, or its shape differs.
 */
export function buildTinyDecoder(
  weights: WeightSource,
  config: AutoencoderTinyConfig,
  options: AutoencoderOptions,
): Graph {
  const { batch, height, width } = options;
  const g = new GraphBuilder("autoencoder decoder", options);
  const w = new WeightScope(g, weights).at("decoder");
  const latents = g.input("latents", [batch, config.latentChannels, height, width]);
  const limited = g.tanh(g.mul(latents, 1 / (config.scalingFactor * LATENT_LIMIT)));
  g.output("image", g.clip(decode(g, w, g.mul(limited, LATENT_LIMIT), config), 0, 1));
  w.assertAllUsed();
  return g.build();
}

function encode(
  g: GraphBuilder,
  weights: WeightSource,
  config: AutoencoderTinyConfig,
  options: AutoencoderOptions,
): { readonly image: Value; readonly latents: Value } {
  const { batch, height, width } = options;
  if (height % config.factor !== 0 || width % config.factor !== 0) {
    throw new RangeError(
      `Cannot build the encoder of "${weights.location}": expected height and width to be ` +
        `multiples of ${config.factor}, got ${height} x ${width}`,
    );
  }
  const w = new WeightScope(g, weights).at("encoder");
  const image = g.input("image", [batch, 3, height, width]);
  let [h, index] = [image, 0];
  // The modules of a torch.nn.Sequential are numbered consecutively.
  const next = () => w.at("layers").at(index++);
  for (const [level, blocks] of config.encoderBlocks.entries()) {
    const channels = config.encoderChannels[level]!;
    h = level === 0
      ? conv2d(g, next(), h, { channels })
      : conv2d(g, next(), h, { channels, stride: 2, bias: false });
    for (let i = 0; i < blocks; i++) h = autoencoderTinyBlock(g, next(), h, config.activation);
  }
  h = conv2d(g, next(), h, { channels: config.latentChannels });
  w.assertAllUsed();
  return { image, latents: config.scalingFactor === 1 ? h : g.mul(h, config.scalingFactor) };
}

function decode(g: GraphBuilder, w: WeightScope, x: Value, config: AutoencoderTinyConfig): Value {
  const { activation, decoderBlocks, decoderChannels } = config;
  let index = 0;
  const next = () => w.at("layers").at(index++);
  let h = conv2d(g, next(), x, { channels: decoderChannels[0]! });
  h = activate(g, h, activation);
  // The activation is a module without weights, and so is each upsampling below.
  index++;
  for (const [level, blocks] of decoderBlocks.entries()) {
    const channels = decoderChannels[level]!;
    for (let i = 0; i < blocks; i++) h = autoencoderTinyBlock(g, next(), h, activation);
    if (level === decoderBlocks.length - 1) return conv2d(g, next(), h, { channels: 3 });
    index++;
    h = conv2d(g, next(), g.upsampleNearest(h, 2), { channels, bias: false });
  }
  return h;
}

/** diffusers' AutoencoderTinyBlock. Shapes: x [N, C, h, w] -> the same. */
function autoencoderTinyBlock(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  activation: TinyActivation,
): Value {
  const channels = x.shape[1]!;
  const conv = w.at("conv");
  let h = activate(g, conv2d(g, conv.at(0), x, { channels }), activation);
  h = activate(g, conv2d(g, conv.at(2), h, { channels }), activation);
  return g.relu(g.add(conv2d(g, conv.at(4), h, { channels }), x));
}

function activate(g: GraphBuilder, x: Value, activation: TinyActivation): Value {
  return { relu: () => g.relu(x), silu: () => g.silu(x), gelu: () => g.gelu(x) }[activation]();
}
