import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { conv2d, groupNorm, linear } from "./weighted_layers.ts";

/** Options of {@linkcode resnetBlock2d}. */
export interface ResnetBlockOptions {
  /** Channels of the output. */
  readonly channels: number;
  /** Groups of both normalizations. */
  readonly groups: number;
  /** Added to variances. */
  readonly epsilon: number;
}

/**
 * diffusers' ResnetBlock2D. Shapes: x [N, C, h, w] -> [N, channels, h, w].
 *
 * Source: https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/resnet.py.
 *
 * @param activeTimeEmbeds SiLU of the time embeddings, [N or 1, E], the same for all blocks;
 * undefined for a network without timesteps.
 */
export function resnetBlock2d(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  activeTimeEmbeds: Value | undefined,
  options: ResnetBlockOptions,
): Value {
  const { channels } = options;
  let h = g.silu(groupNorm(g, w.at("norm1"), x, options));
  h = conv2d(g, w.at("conv1"), h, { channels });
  if (activeTimeEmbeds) {
    const shift = linear(g, w.at("time_emb_proj"), activeTimeEmbeds, { width: channels });
    h = g.add(h, g.reshape(shift, [shift.shape[0]!, channels, 1, 1]));
  }
  h = g.silu(groupNorm(g, w.at("norm2"), h, options));
  h = conv2d(g, w.at("conv2"), h, { channels });
  if (x.shape[1] === channels) return g.add(x, h);
  return g.add(conv2d(g, w.at("conv_shortcut"), x, { channels, kernel: 1 }), h);
}
