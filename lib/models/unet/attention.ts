import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { linear } from "../layers/weighted_layers.ts";

/** Options of {@linkcode attention}. */
export interface AttentionOptions {
  /** Rows of the batch, N: the same for queries and context. */
  readonly batch: number;
  /** Number of heads. */
  readonly heads: number;
  /** Whether attention is computed in float32 whatever the precision of the graph. */
  readonly upcast: boolean;
}

/**
 * diffusers' Attention, without masks. The tokens of all rows are concatenated.
 *
 * Source:
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/attention_processor.py.
 *
 * @param x Tokens of the queries, [N S, D].
 * @param context Tokens of the keys and values, [N T, E].
 * @returns Shape [N S, D].
 */
export function attention(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  context: Value,
  options: AttentionOptions,
): Value {
  const { batch, heads, upcast } = options;
  const width = x.shape[1]!;
  const project = (name: string, tokens: Value) => {
    const projected = linear(g, w.at(name), tokens, { width, bias: false });
    const rows = g.reshape(projected, [batch, tokens.shape[0]! / batch, width]);
    return upcast ? g.cast(rows, "float32") : rows;
  };
  const [q, k, v] = [project("to_q", x), project("to_k", context), project("to_v", context)];
  const attended = g.cast(g.attention(q, k, v, { heads }), g.precision);
  return linear(g, w.at("to_out").at(0), g.reshape(attended, x.shape), { width });
}
