import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { basicTransformerBlock } from "./basic_transformer_block.ts";
import { conv2d, groupNorm, linear } from "../layers/weighted_layers.ts";

/** Added to variances. Source: diffusers; it differs from that of the residual blocks. */
const EPSILON = 1e-6;

/** Options of {@linkcode transformer2dModel}. */
export interface Transformer2dOptions {
  /** Number of blocks, >= 0. */
  readonly layers: number;
  /** Number of heads. */
  readonly heads: number;
  /** Groups of the normalization. */
  readonly groups: number;
  /** Whether the projections are linear layers instead of convolutions. */
  readonly useLinearProjection: boolean;
  /** Whether attention is computed in float32 whatever the precision of the graph. */
  readonly upcastAttention: boolean;
}

/**
 * diffusers' Transformer2DModel over continuous inputs. Shapes: x [N, C, h, w] -> the same.
 *
 * Source:
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/transformers/transformer_2d.py.
 *
 * @param prompt Tokens of the prompts, [N L, E].
 */
export function transformer2dModel(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  prompt: Value,
  options: Transformer2dOptions,
): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const { heads, groups, useLinearProjection: isLinear, upcastAttention: upcast } = options;
  const tokensOf = (image: Value) =>
    g.reshape(g.transpose(image, [0, 2, 3, 1]), [batch * height * width, channels]);
  const imageOf = (tokens: Value) =>
    g.transpose(g.reshape(tokens, [batch, height, width, channels]), [0, 3, 1, 2]);
  const normal = groupNorm(g, w.at("norm"), x, { groups, epsilon: EPSILON });
  let h = isLinear
    ? linear(g, w.at("proj_in"), tokensOf(normal), { width: channels })
    : tokensOf(conv2d(g, w.at("proj_in"), normal, { channels, kernel: 1 }));
  for (let i = 0; i < options.layers; i++) {
    const block = w.at("transformer_blocks").at(i);
    h = basicTransformerBlock(g, block, h, prompt, { batch, heads, upcast });
  }
  h = isLinear
    ? imageOf(linear(g, w.at("proj_out"), h, { width: channels }))
    : conv2d(g, w.at("proj_out"), imageOf(h), { channels, kernel: 1 });
  return g.add(h, x);
}
