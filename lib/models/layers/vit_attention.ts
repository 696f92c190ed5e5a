import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { linear } from "./weighted_layers.ts";

/** Options of {@linkcode vitAttention}. */
export interface VitAttentionOptions {
  /** Number of images, N. */
  readonly batch: number;
  /** Number of heads. */
  readonly heads: number;
  /** Whether queries, keys and values have a bias. */
  readonly bias: boolean;
}

/**
 * Self-attention of a vision transformer: transformers' Dinov2Attention and DPTViTAttention.
 * Shapes: x [N S, D] -> the same.
 *
 * Source: Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929.
 */
export function vitAttention(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  { batch, heads, bias }: VitAttentionOptions,
): Value {
  const width = x.shape[1]!;
  const project = (name: string) =>
    g.reshape(linear(g, w.at("attention").at(name), x, { width, bias }), [batch, -1, width]);
  const [q, k, v] = [project("query"), project("key"), project("value")];
  const attended = g.reshape(g.attention(q, k, v, { heads }), x.shape);
  return linear(g, w.at("output").at("dense"), attended, { width });
}
