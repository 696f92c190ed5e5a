import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { conv2d } from "../layers/layers.ts";
import { resnetBlock2d } from "../layers/resnet_block_2d.ts";
import { transformer2dModel } from "./transformer_2d_model.ts";

/** One block of the network: residual blocks at one resolution, with or without attention. */
export interface UnetBlock {
  /** Channels of the result. */
  readonly channels: number;
  /** Number of residual blocks; the middle block has one more if it has attention. */
  readonly layers: number;
  /** Number of heads of attention. */
  readonly heads: number;
  /**
   * Transformer blocks behind each residual block; undefined for a block without attention. In the
   * middle block they lie between the residual blocks.
   */
  readonly transformerLayers: readonly number[] | undefined;
}

/** What all blocks of a network share. */
export interface UnetBlockContext {
  /** Where the nodes are added. */
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
    /** Whether attention is computed in float32 where the graph is not. */
    readonly upcastAttention: boolean;
  };
}

/**
 * diffusers' DownBlock2D and CrossAttnDownBlock2D. Shapes: x [N, C, h, w].
 *
 * Source: https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/unets/unet_2d_blocks.py.
 *
 * @param options.downsample Whether the result is halved, to ceil(h / 2) x ceil(w / 2).
 * @returns The state behind each layer, for the way up; the last one is the result.
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
 * @param options.skips States of the way down, one for each layer; the last is taken first.
 * @param options.size Height and width to which the result is doubled, or one less than that;
 * undefined leaves the size as it is.
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

/** Cuts off the last row and column where the skip has an odd side, as nearest resizing does. */
function cropTo(g: GraphBuilder, x: Value, [height, width]: readonly [number, number]): Value {
  const rows = x.shape[2] === height ? x : g.slice(x, 2, 0, height);
  return rows.shape[3] === width ? rows : g.slice(rows, 3, 0, width);
}

/** Which layer of which block. */
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
