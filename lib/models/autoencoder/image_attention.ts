import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { groupNorm, linear } from "../layers/weighted_layers.ts";

/**
 * Max number of attention scores of a node: 128 MiB of float32, the largest binding that every
 * WebGPU device supports.
 */
const MAX_SCORES = 2 ** 25;

/** Names of the layers: current, and of older checkpoints. */
const LAYERS = {
  query: ["to_q", "query"],
  key: ["to_k", "key"],
  value: ["to_v", "value"],
  out: ["to_out.0", "proj_attn"],
} as const;

/**
 * Self-attention of an image with one head: diffusers' Attention in the middle block of an
 * autoencoder. Shapes: x [N, C, h, w] -> the same.
 *
 * Source:
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/attention_processor.py.
 *
 * @param norm Number of groups of the normalization, and epsilon added to variances.
 */
export function imageAttention(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  norm: { readonly groups: number; readonly epsilon: number },
): Value {
  const [batch, width, height, columns] = x.shape as [number, number, number, number];
  const size = height * columns;
  const tokens = g.transpose(
    g.reshape(groupNorm(g, w.at("group_norm"), x, norm), [batch, width, size]),
    [0, 2, 1],
  );
  const project = (layer: keyof typeof LAYERS, input: Value) => {
    const [name, oldName] = LAYERS[layer];
    return linear(g, w.at(w.has(oldName) ? oldName : name), input, { width });
  };
  const [q, k, v] = [project("query", tokens), project("key", tokens), project("value", tokens)];
  const attended = project("out", splitAttention(g, q, k, v, MAX_SCORES));
  return g.add(x, g.reshape(g.transpose(attended, [0, 2, 1]), x.shape));
}

/**
 * Attention with one head, split over the queries so that each part has at most `maxScores` scores:
 * q [N, S, D], k and v [N, T, D] -> [N, S, D].
 */
export function splitAttention(
  g: GraphBuilder,
  q: Value,
  k: Value,
  v: Value,
  maxScores: number,
): Value {
  const [batch, length] = q.shape as [number, number];
  const step = Math.max(1, Math.floor(maxScores / (batch * k.shape[1]!)));
  const parts: Value[] = [];
  for (let start = 0; start < length; start += step) {
    const end = Math.min(length, start + step);
    const queries = end - start === length ? q : g.slice(q, 1, start, end);
    parts.push(g.attention(queries, k, v, { heads: 1 }));
  }
  return g.concat(parts, 1);
}
