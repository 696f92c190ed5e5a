import type { FloatType } from "../../weights/float16.ts";
import type { WeightSource } from "../../weights/weight_source.ts";
import type { Graph, Value } from "../../onnx/graph/graph.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { WeightScope } from "../../onnx/graph/weight_scope.ts";
import type { BlipConfig, BlipTextConfig } from "./blip_config.ts";
import { imageTokens } from "./blip_image_encoder.ts";
import { layerNorm, linear } from "../layers/weighted_layers.ts";

/** Weights that this graph does not use: those of the image encoder, copies, position ids. */
const ELSEWHERE: readonly RegExp[] = [
  /\.crossattention\.self\.(key|value)\./,
  // A copy of "cls.predictions.bias".
  /\.cls\.predictions\.decoder\.bias$/,
  /\.embeddings\.position_ids$/,
];

/** Sizes and precision of the graph of a decoder. */
export interface BlipTextDecoderOptions {
  /** Number of texts. */
  readonly batch: number;
  /** Number of tokens of each text, L. */
  readonly length: number;
  /** Number of positions for which logits are computed, M. */
  readonly positions: number;
  /** Precision of the computation. Default: "float32". */
  readonly precision?: FloatType;
}

/**
 * Builds the text decoder of transformers' BlipForConditionalGeneration.
 *
 * Inputs: `input_ids` int64 [N, L]; `position_ids` int64 [M], the tokens for which logits are
 * computed, as indices into all N L tokens; and the keys and values of `buildBlipImageEncoder`.
 * Output: `logits` [M, V] of the next token. Attention is causal, so texts may be padded with any
 * token.
 *
 * Source:
 * https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/blip/modeling_blip_text.py.
 *
 * @throws {RangeError} If a weight is missing or left over, or its shape differs, or the
 * texts are longer than the model allows.
 */
export function buildBlipTextDecoder(
  weights: WeightSource,
  config: BlipConfig,
  options: BlipTextDecoderOptions,
): Graph {
  const { text } = config;
  const { batch, length, positions } = options;
  const { hiddenSize: width } = text;
  const g = new GraphBuilder("caption decoder", options);
  const w = new WeightScope(g, weights).at("text_decoder");
  const ids = g.input("input_ids", [batch, length], "int64");
  const positionIds = g.input("position_ids", [positions], "int64");
  const words = w.at("bert").at("embeddings").at("word_embeddings")
    .weight("weight", [text.vocabSize, width]);
  let h = embed(g, w.at("bert").at("embeddings"), { words, ids }, text);
  const tokens = imageTokens(config);
  for (let i = 0; i < text.layers; i++) {
    const [key, value] = ["key", "value"].map((name) => {
      const states = g.input(`cross_${name}_${i}`, [1, tokens, width]);
      return batch === 1 ? states : g.expand(states, [batch, tokens, width]);
    }) as [Value, Value];
    h = textLayer(g, w.at("bert").at("encoder").at("layer").at(i), h, { key, value, batch, text });
  }
  const head = w.at("cls").at("predictions");
  const transform = head.at("transform");
  const hidden = g.gelu(linear(g, transform.at("dense"), g.gather(h, positionIds, 0), { width }));
  const normal = layerNorm(g, transform.at("LayerNorm"), hidden, text.layerNormEps);
  // A file may have it besides the embeddings; transformers scores with it, and so does this graph.
  const scores = head.has("decoder")
    ? head.at("decoder").weight("weight", [text.vocabSize, width])
    : words;
  g.output("logits", g.linear(normal, scores, head.weight("bias", [text.vocabSize])));
  w.assertAllUsed(ELSEWHERE);
  return g.build();
}

/** transformers' BlipTextEmbeddings. Shapes: ids [N, L] -> [N L, E]. */
function embed(
  g: GraphBuilder,
  w: WeightScope,
  { words, ids }: { readonly words: Value; readonly ids: Value },
  { hiddenSize, maxPositions, layerNormEps }: BlipTextConfig,
): Value {
  const [batch, length] = ids.shape as [number, number];
  if (length > maxPositions) {
    throw new RangeError(
      `Cannot build graph "${g.name}": expected at most ${maxPositions} tokens, got ${length}`,
    );
  }
  const positions = w.at("position_embeddings").weight("weight", [maxPositions, hiddenSize]);
  const used = length === maxPositions ? positions : g.slice(positions, 0, 0, length);
  const sum = g.reshape(g.add(g.gather(words, ids, 0), used), [batch * length, hiddenSize]);
  return layerNorm(g, w.at("LayerNorm"), sum, layerNormEps);
}

/** Options of {@linkcode textLayer}. */
interface TextLayerOptions {
  readonly key: Value;
  readonly value: Value;
  readonly batch: number;
  readonly text: BlipTextConfig;
}

/**
 * transformers' BlipTextLayer: self-attention, cross-attention to the image, feed-forward; each is
 * followed by its residual and a normalization. Shapes: x [N L, E] -> the same.
 */
function textLayer(g: GraphBuilder, w: WeightScope, x: Value, options: TextLayerOptions): Value {
  const { key, value, batch, text } = options;
  const { heads, intermediateSize } = text;
  const width = x.shape[1]!;
  const rows = (tokens: Value) => g.reshape(tokens, [batch, -1, width]);
  const project = (scope: WeightScope, name: string, tokens: Value) =>
    rows(linear(g, scope.at("self").at(name), tokens, { width }));
  const addAndNorm = (scope: WeightScope, result: Value, residual: Value) => {
    const mixed = linear(g, scope.at("dense"), result, { width });
    return layerNorm(g, scope.at("LayerNorm"), g.add(mixed, residual), text.layerNormEps);
  };
  const self = w.at("attention");
  const [q, k, v] = [project(self, "query", x), project(self, "key", x), project(self, "value", x)];
  const attended = g.reshape(g.attention(q, k, v, { heads, causal: true }), x.shape);
  const h = addAndNorm(self.at("output"), attended, x);
  const cross = w.at("crossattention");
  const crossed = g.attention(project(cross, "query", h), key, value, { heads });
  const informed = addAndNorm(cross.at("output"), g.reshape(crossed, x.shape), h);
  const inner = linear(g, w.at("intermediate").at("dense"), informed, { width: intermediateSize });
  return addAndNorm(w.at("output"), g.gelu(inner), informed);
}
