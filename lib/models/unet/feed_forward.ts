import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { linear } from "../layers/weighted_layers.ts";

/** Ratio of the inner width to the outer width. */
const EXPANSION = 4;

/**
 * diffusers' FeedForward with GEGLU. Shapes: x [..., D] -> [..., D].
 *
 * Source: https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/attention.py;
 * Shazeer 2020, https://arxiv.org/abs/2002.05202.
 */
export function feedForward(g: GraphBuilder, w: WeightScope, x: Value): Value {
  const width = x.shape.at(-1)!;
  const inner = EXPANSION * width;
  const net = w.at("net");
  const projected = linear(g, net.at(0).at("proj"), x, { width: 2 * inner });
  const [hidden, gate] = g.split(projected, -1, [inner, inner]);
  return linear(g, net.at(2), g.mul(hidden!, g.gelu(gate!)), { width });
}
