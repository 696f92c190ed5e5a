import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { attention, type AttentionOptions } from "./attention.ts";
import { feedForward } from "./feed_forward.ts";
import { layerNorm } from "../layers/weighted_layers.ts";

/** Added to variances. Source: diffusers' default, which no configuration changes. */
const EPSILON = 1e-5;

/**
 * diffusers' BasicTransformerBlock: self-attention, cross-attention to the prompt, feed-forward.
 *
 * Source: https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/attention.py.
 *
 * @param x Tokens of all rows, [N S, D].
 * @param prompt Tokens of the prompts, [N L, E].
 * @returns Shape [N S, D].
 */
export function basicTransformerBlock(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  prompt: Value,
  options: AttentionOptions,
): Value {
  const tokens = layerNorm(g, w.at("norm1"), x, EPSILON);
  let h = g.add(attention(g, w.at("attn1"), tokens, tokens, options), x);
  const queries = layerNorm(g, w.at("norm2"), h, EPSILON);
  h = g.add(attention(g, w.at("attn2"), queries, prompt, options), h);
  return g.add(feedForward(g, w.at("ff"), layerNorm(g, w.at("norm3"), h, EPSILON)), h);
}
