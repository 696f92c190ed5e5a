import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { layerNorm, linear } from "../layers/weighted_layers.ts";

/** Options of {@linkcode clipEncoderLayer}. */
export interface ClipEncoderLayerOptions {
  /** Number of rows, N. */
  readonly batch: number;
  /** Number of heads. */
  readonly heads: number;
  /** Width inside the feed-forward layer. */
  readonly intermediateSize: number;
  /** Activation of the feed-forward layer. */
  readonly activation: "quick_gelu" | "gelu";
  /** Added to variances in layer normalization. */
  readonly layerNormEps: number;
  /** Whether a token attends only to itself and earlier tokens. */
  readonly causal: boolean;
}

/**
 * transformers' CLIPEncoderLayer. Shapes: x [N L, D] -> the same.
 *
 * Source:
 * https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/clip/modeling_clip.py.
 */
export function clipEncoderLayer(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  options: ClipEncoderLayerOptions,
): Value {
  const { batch, heads, causal, layerNormEps, activation, intermediateSize } = options;
  const width = x.shape[1]!;
  const selfAttention = w.at("self_attn");
  const normal = layerNorm(g, w.at("layer_norm1"), x, layerNormEps);
  const project = (name: string) =>
    g.reshape(linear(g, selfAttention.at(name), normal, { width }), [
      batch,
      x.shape[0]! / batch,
      width,
    ]);
  const [q, k, v] = [project("q_proj"), project("k_proj"), project("v_proj")];
  const attended = g.reshape(g.attention(q, k, v, { heads, causal }), x.shape);
  const h = g.add(x, linear(g, selfAttention.at("out_proj"), attended, { width }));
  const mlp = w.at("mlp");
  const inner = linear(g, mlp.at("fc1"), layerNorm(g, w.at("layer_norm2"), h, layerNormEps), {
    width: intermediateSize,
  });
  const active = activation === "gelu" ? g.gelu(inner) : g.quickGelu(inner);
  return g.add(h, linear(g, mlp.at("fc2"), active, { width }));
}
