import type { WeightSource } from "../../weights/weight_source.ts";
import type { Graph, Value } from "../../onnx/graph/graph.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { quantizeLinears } from "../../onnx/rewrite/quantize_linears.ts";
import { WeightScope } from "../../onnx/graph/weight_scope.ts";
import type { ControlnetConfig } from "./controlnet_config.ts";
import { controlnetConditioningEmbedding } from "./controlnet_conditioning_embedding.ts";
import { conv2d } from "../layers/weighted_layers.ts";
import {
  addToRows,
  downBlocks,
  midBlock,
  type UnetGraphOptions,
  unetInputs,
} from "./unet_trunk.ts";

/**
 * Builds diffusers' ControlNetModel, which steers a UNet with a control image.
 *
 * Inputs, all float32: `sample` [N, C, h, w], `timestep` [B], `encoder_hidden_states` [N, L, D],
 * those of {@linkcode AddedConditions}, `controlnet_cond` [B, 3, factor h, factor w] in [0, 1] and
 * `conditioning_scale` [B]. There are B pictures with N / B rows each; the rows of a picture share
 * its timestep, control image and scale. Outputs: `down_block_residual_0`… and
 * `mid_block_residual`, already scaled, in the order and shapes of the inputs of the UNet.
 *
 * Source:
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/controlnets/controlnet.py.
 *
 * @throws {RangeError} If a weight is missing or left over, or its shape differs.
 */
export function buildControlnet(
  weights: WeightSource,
  config: ControlnetConfig,
  options: UnetGraphOptions,
): Graph {
  const g = new GraphBuilder("controlnet", options);
  const w = new WeightScope(g, weights);
  const { sample, context } = unetInputs(g, w, config, options);
  const { conditioningFactor: factor, conditioningChannels: levels } = config;
  const { pictures = 1 } = options;
  const condition = g.input("controlnet_cond", [
    pictures,
    3,
    factor * options.height,
    factor * options.width,
  ]);
  const scale = g.input("conditioning_scale", [pictures]);
  const { channels } = config.downBlocks[0]!;
  const hint = controlnetConditioningEmbedding(g, w.at("controlnet_cond_embedding"), condition, {
    levels,
    channels,
  });
  const first = addToRows(g, hint, conv2d(g, w.at("conv_in"), sample, { channels }));
  const states = downBlocks(context, w, first, config.downBlocks);
  const last = midBlock(context, w, states.at(-1)!, config.midBlock);
  const residual = (scope: WeightScope, state: Value) =>
    scaleRows(g, conv2d(g, scope, state, { channels: state.shape[1]!, kernel: 1 }), scale);
  for (const [i, state] of states.entries()) {
    g.output(`down_block_residual_${i}`, residual(w.at("controlnet_down_blocks").at(i), state));
  }
  g.output("mid_block_residual", residual(w.at("controlnet_mid_block"), last));
  w.assertAllUsed();
  return quantizeLinears(g.build(), options);
}

/** Multiplies the rows of each picture by its scale. Shapes: rows [N, C, h, w], scale [B]. */
function scaleRows(g: GraphBuilder, rows: Value, scale: Value): Value {
  const [pictures] = scale.shape as [number];
  if (pictures === 1) return g.mul(rows, scale);
  const grouped = g.reshape(rows, [pictures, -1, ...rows.shape.slice(2)]);
  return g.reshape(g.mul(grouped, g.reshape(scale, [pictures, 1, 1, 1])), rows.shape);
}
