import type { WeightSource } from "../../weights/weight_source.ts";
import { addBackward } from "../../onnx/autodiff/backward.ts";
import type { Graph, Value } from "../../onnx/graph/graph.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { type GradientGraphs, splitGradient } from "../../onnx/rewrite/split_gradient.ts";
import { WeightScope } from "../../onnx/graph/weight_scope.ts";
import type { AutoencoderKlConfig } from "./autoencoder_kl_config.ts";
import type { AutoencoderOptions } from "./autoencoder_tiny.ts";
import { imageAttention } from "./image_attention.ts";
import { conv2d, groupNorm } from "../layers/weighted_layers.ts";
import { resnetBlock2d } from "../layers/resnet_block_2d.ts";

/** Added to variances. Source: diffusers, where no configuration changes it. */
const EPSILON = 1e-6;

/**
 * Builds the encoder of diffusers' AutoencoderKL. A checkpoint with `force_upcast` computes in
 * float32 whatever the precision.
 *
 * Input: `image` [N, 3, H, W] in [0, 1]. Output: `latents` [N, C, H / factor, W / factor]: the mean
 * of the posterior, scaled.
 *
 * Source:
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/autoencoders/vae.py,
 * `Encoder`, and autoencoder_kl.py. The reference takes 2 * image - 1.
 *
 * @throws {RangeError} If a weight is missing or left over, or its shape differs, or height or
 * width of the image is not a multiple of the factor.
 */
export function buildKlEncoder(
  weights: WeightSource,
  config: AutoencoderKlConfig,
  options: AutoencoderOptions,
): Graph {
  const g = createBuilder("autoencoder encoder", config, options);
  g.output("latents", encode(g, weights, config, options).latents);
  return g.build();
}

/**
 * Builds the encoder and its gradient, as two graphs.
 *
 * The forward half is {@linkcode buildKlEncoder}; the backward half takes `grad_latents`, in the
 * shape of the latents, and computes `grad_image` [N, 3, H, W].
 */
export function buildKlEncoderGradient(
  weights: WeightSource,
  config: AutoencoderKlConfig,
  options: AutoencoderOptions,
): GradientGraphs {
  const g = createBuilder("autoencoder encoder", config, options);
  const { image, latents } = encode(g, weights, config, options);
  const gradOutput = g.input("grad_latents", latents.shape);
  g.output("latents", latents);
  g.output("grad_image", addBackward(g, { output: latents, gradOutput, input: image }));
  return splitGradient(g.build(), ["grad_image"]);
}

/**
 * Builds the decoder of diffusers' AutoencoderKL.
 *
 * Input: `latents` [N, C, h, w], scaled. Output: `image` [N, 3, h * factor, w * factor], clipped to
 * [0, 1].
 *
 * Source: see {@linkcode buildKlEncoder}, `Decoder`. The reference returns 2 * image - 1.
 *
 * @throws {RangeError} If a weight is missing or left over, or its shape differs.
 */
export function buildKlDecoder(
  weights: WeightSource,
  config: AutoencoderKlConfig,
  options: AutoencoderOptions,
): Graph {
  const { batch, height, width } = options;
  const g = createBuilder("autoencoder decoder", config, options);
  const w = new WeightScope(g, weights);
  const latents = g.input("latents", [batch, config.latentChannels, height, width]);
  let h = g.mul(latents, 1 / config.scalingFactor);
  const quant = w.at("post_quant_conv");
  if (config.hasPostQuantConv) {
    h = conv2d(g, quant, h, { channels: config.latentChannels, kernel: 1 });
  }
  h = decode({ g, config }, w.at("decoder"), h);
  g.output("image", g.clip(g.add(g.mul(h, 0.5), 0.5), 0, 1));
  w.at("decoder").assertAllUsed();
  quant.assertAllUsed();
  return g.build();
}

/** The graph to which nodes are added, and the options of the network. */
interface Context {
  readonly g: GraphBuilder;
  readonly config: AutoencoderKlConfig;
}

function createBuilder(
  name: string,
  { forceUpcast }: AutoencoderKlConfig,
  { precision = "float32" }: AutoencoderOptions,
): GraphBuilder {
  return new GraphBuilder(name, { precision: forceUpcast ? "float32" : precision });
}

function encode(
  g: GraphBuilder,
  weights: WeightSource,
  config: AutoencoderKlConfig,
  options: AutoencoderOptions,
): { readonly image: Value; readonly latents: Value } {
  const { batch, height, width } = options;
  const { factor, latentChannels, channels, scalingFactor } = config;
  if (height % factor !== 0 || width % factor !== 0) {
    throw new RangeError(
      `Cannot build the encoder of "${weights.location}": expected height and width to be ` +
        `multiples of ${factor}, got ${height} x ${width}`,
    );
  }
  const root = new WeightScope(g, weights);
  const w = root.at("encoder");
  const image = g.input("image", [batch, 3, height, width]);
  let h = conv2d(g, w.at("conv_in"), g.sub(g.mul(image, 2), 1), { channels: channels[0]! });
  for (const [level, count] of channels.entries()) {
    const block = w.at("down_blocks").at(level);
    for (let i = 0; i < config.layersPerBlock; i++) {
      h = resnet({ g, config }, block.at("resnets").at(i), h, count);
    }
    if (level < channels.length - 1) h = halve(g, block.at("downsamplers").at(0).at("conv"), h);
  }
  h = normAndConv({ g, config }, w, midBlock({ g, config }, w.at("mid_block"), h), {
    channels: 2 * latentChannels,
  });
  const quant = root.at("quant_conv");
  if (config.hasQuantConv) h = conv2d(g, quant, h, { channels: 2 * latentChannels, kernel: 1 });
  w.assertAllUsed();
  quant.assertAllUsed();
  // The second half of the channels has the log variances.
  return { image, latents: g.mul(g.slice(h, 1, 0, latentChannels), scalingFactor) };
}

function decode(context: Context, w: WeightScope, x: Value): Value {
  const { g, config } = context;
  const channels = config.channels.toReversed();
  let h = conv2d(g, w.at("conv_in"), x, { channels: channels[0]! });
  h = midBlock(context, w.at("mid_block"), h);
  for (const [level, count] of channels.entries()) {
    const block = w.at("up_blocks").at(level);
    for (let i = 0; i <= config.layersPerBlock; i++) {
      h = resnet(context, block.at("resnets").at(i), h, count);
    }
    if (level === channels.length - 1) break;
    const conv = block.at("upsamplers").at(0).at("conv");
    h = conv2d(g, conv, g.upsampleNearest(h, 2), { channels: count });
  }
  return normAndConv(context, w, h, { channels: 3 });
}

/** diffusers' Downsample2D with padding 0: pads only at the bottom and the right. */
function halve(g: GraphBuilder, w: WeightScope, x: Value): Value {
  const channels = x.shape[1]!;
  const weight = w.weight("weight", [channels, channels, 3, 3]);
  const bias = w.weight("bias", [channels]);
  return g.conv(x, weight, bias, { strides: 2, pads: [0, 0, 1, 1] });
}

/** diffusers' UNetMidBlock2D. Shapes: x [N, C, h, w] -> the same. */
function midBlock(context: Context, w: WeightScope, x: Value): Value {
  const { g, config } = context;
  const channels = x.shape[1]!;
  let h = resnet(context, w.at("resnets").at(0), x, channels);
  if (config.hasAttention) {
    const norm = { groups: config.normNumGroups, epsilon: EPSILON };
    h = imageAttention(g, w.at("attentions").at(0), h, norm);
  }
  return resnet(context, w.at("resnets").at(1), h, channels);
}

function resnet({ g, config }: Context, w: WeightScope, x: Value, channels: number): Value {
  const options = { channels, groups: config.normNumGroups, epsilon: EPSILON };
  return resnetBlock2d(g, w, x, undefined, options);
}

function normAndConv(
  { g, config }: Context,
  w: WeightScope,
  x: Value,
  options: { readonly channels: number },
): Value {
  const norm = { groups: config.normNumGroups, epsilon: EPSILON };
  const normal = groupNorm(g, w.at("conv_norm_out"), x, norm);
  return conv2d(g, w.at("conv_out"), g.silu(normal), options);
}
