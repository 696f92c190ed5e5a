import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { linear } from "../layers/layers.ts";

/** What attention is made of. */
export interface AttentionOptions {
  /** Rows of the batch, which both kinds of tokens share. */
  readonly batch: number;
  /** Number of heads. */
  readonly heads: number;
  /** Whether it is computed in float32 where the graph is not. */
  readonly upcast: boolean;
}

/**
 * diffusers' Attention, without masks. Tokens of all rows lie below each other.
 *
 * Source: https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/attention_processor.py.
 *
 * @param x Tokens that ask, [N S, D].
 * @param context Tokens that are looked at, [N T, E].
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
