import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { conv2d } from "../layers/weighted_layers.ts";
import { resnetBlock2d } from "../layers/resnet_block_2d.ts";
import { transformer2dModel } from "./transformer_2d_model.ts";

/** A block of a UNet: residual blocks at one resolution, with or without attention. */
export interface UnetBlock {
  /** Channels of the output. */
  readonly channels: number;
  /** Number of residual blocks; a middle block with attention has one more. */
  readonly layers: number;
  /** Number of attention heads. */
  readonly heads: number;
  /**
   * Number of transformer blocks after each residual block; undefined for a block without
   * attention. In the middle block they are between the residual blocks.
   */
  readonly transformerLayers: readonly number[] | undefined;
}

/** What all blocks of a UNet or ControlNet share. */
export interface UnetBlockContext {
  /** Graph to which the nodes are added. */
  readonly g: GraphBuilder;
  /** SiLU of the time embeddings, [N or 1, E]. */
  readonly activeTimeEmbeds: Value;
  /** Tokens of the prompts, [N L, E]. */
  readonly prompt: Value;
  /** Options of the network. */
  readonly config: {
    /** Groups of the normalizations. */
    readonly normNumGroups: number;
    /** Added to variances in the residual blocks. */
    readonly normEps: number;
    /** Whether the projections of transformers are linear layers instead of convolutions. */
    readonly useLinearProjection: boolean;
    /** Whether attention is computed in float32 whatever the precision of the graph. */
    readonly upcastAttention: boolean;
  };
}

/**
 * diffusers' DownBlock2D and CrossAttnDownBlock2D. Shapes: x [N, C, h, w].
 *
 * Source:
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/unets/unet_2d_blocks.py.
 *
 * @param options.downsample Whether the output is halved, to ceil(h / 2) x ceil(w / 2).
 * @returns The output of each layer, for the skip connections; the last one is the output.
 */
export function downBlock2d(
  context: UnetBlockContext,
  w: WeightScope,
  x: Value,
  options: { readonly block: UnetBlock; readonly downsample: boolean },
): Value[] {
  const { block, downsample } = options;
  const states: Value[] = [];
  let h = x;
  for (let i = 0; i < block.layers; i++) {
    h = transformer(context, w, resnet(context, w, h, { block, index: i }), { block, index: i });
    states.push(h);
  }
  if (downsample) {
    const conv = w.at("downsamplers").at(0).at("conv");
    states.push(conv2d(context.g, conv, h, { channels: block.channels, stride: 2 }));
  }
  return states;
}

/** diffusers' UNetMidBlock2D and UNetMidBlock2DCrossAttn. Shapes: x [N, C, h, w] -> the same. */
export function midBlock2d(
  context: UnetBlockContext,
  w: WeightScope,
  x: Value,
  block: UnetBlock,
): Value {
  const h = resnet(context, w, x, { block, index: 0 });
  if (!block.transformerLayers) return h;
  const attended = transformer(context, w, h, { block, index: 0 });
  return resnet(context, w, attended, { block, index: 1 });
}

/**
 * diffusers' UpBlock2D and CrossAttnUpBlock2D. Shapes: x [N, C, h, w].
 *
 * @param options.skips Skip connections from the down blocks, one per layer; the last is used
 * first.
 * @param options.size Height and width of the upsampled output: twice the input, or one less.
 * Undefined does not upsample.
 */
export function upBlock2d(
  context: UnetBlockContext,
  w: WeightScope,
  x: Value,
  options: {
    readonly block: UnetBlock;
    readonly skips: readonly Value[];
    readonly size: readonly [number, number] | undefined;
  },
): Value {
  const { g } = context;
  const { block, skips, size } = options;
  let h = x;
  for (let i = 0; i < block.layers; i++) {
    const joined = g.concat([h, skips.at(-1 - i)!], 1);
    h = transformer(context, w, resnet(context, w, joined, { block, index: i }), {
      block,
      index: i,
    });
  }
  if (!size) return h;
  const doubled = cropTo(g, g.upsampleNearest(h, 2), size);
  return conv2d(g, w.at("upsamplers").at(0).at("conv"), doubled, { channels: block.channels });
}

/** Crops the last row or column if the next skip connection is odd, as nearest resizing does. */
function cropTo(g: GraphBuilder, x: Value, [height, width]: readonly [number, number]): Value {
  const rows = x.shape[2] === height ? x : g.slice(x, 2, 0, height);
  return rows.shape[3] === width ? rows : g.slice(rows, 3, 0, width);
}

/** A layer of a block. */
interface Layer {
  readonly block: UnetBlock;
  readonly index: number;
}

function resnet(context: UnetBlockContext, w: WeightScope, x: Value, layer: Layer): Value {
  const { g, activeTimeEmbeds, config } = context;
  return resnetBlock2d(g, w.at("resnets").at(layer.index), x, activeTimeEmbeds, {
    channels: layer.block.channels,
    groups: config.normNumGroups,
    epsilon: config.normEps,
  });
}

function transformer(context: UnetBlockContext, w: WeightScope, x: Value, layer: Layer): Value {
  const { g, prompt, config } = context;
  const { block: { transformerLayers, heads }, index } = layer;
  if (!transformerLayers) return x;
  return transformer2dModel(g, w.at("attentions").at(index), x, prompt, {
    layers: transformerLayers[index]!,
    heads,
    groups: config.normNumGroups,
    useLinearProjection: config.useLinearProjection,
    upcastAttention: config.upcastAttention,
  });
}
