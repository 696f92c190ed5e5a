import type { FloatType } from "../../weights/float16.ts";
import type { WeightSource } from "../../weights/weight_source.ts";
import type { Graph, Value } from "../../onnx/graph/graph.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { WeightScope } from "../../onnx/graph/weight_scope.ts";
import type { BlipConfig, BlipTextConfig } from "./blip_config.ts";
import { imageTokens } from "./blip_image_encoder.ts";
import { layerNorm, linear } from "../layers/layers.ts";

/** Weights of the decoder that are in the graph of the image, copies, and plain numbers. */
const ELSEWHERE: readonly RegExp[] = [
  /\.crossattention\.self\.(key|value)\./,
  /\.cls\.predictions\.decoder\./,
  /\.embeddings\.position_ids$/,
];

/** Sizes and precision of the graph of a decoder. */
export interface BlipTextDecoderOptions {
  /** Number of texts. */
  readonly batch: number;
  /** Tokens of each text. */
  readonly length: number;
  /** Number of tokens behind which scores are wanted. */
  readonly places: number;
  /** Type of what is computed. Default: "float32". */
  readonly precision?: FloatType;
}

/**
 * Builds the text decoder of transformers' BlipForConditionalGeneration.
 *
 * Inputs: `input_ids` int64 [N, L]; `places` int64 [M], of the tokens behind which scores are
 * wanted, counted through all texts; and what `buildBlipImageEncoder` makes for the layers. Output:
 * `logits` [M, V], the scores of the next token. A token sees only itself and those before it, so
 * texts may be filled up with anything.
 *
 * Source: https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/blip/modeling_blip_text.py.
 *
 * @throws {RangeError} If a weight is missing, has another shape, or is left over, or the texts are
 * longer than the model allows.
 */
export function buildBlipTextDecoder(
  weights: WeightSource,
  config: BlipConfig,
  options: BlipTextDecoderOptions,
): Graph {
  const { text } = config;
  const { batch, length, places } = options;
  const { hiddenSize: width } = text;
  const g = new GraphBuilder("caption decoder", options);
  const w = new WeightScope(g, weights).at("text_decoder");
  const ids = g.input("input_ids", [batch, length], "int64");
  const wanted = g.input("places", [places], "int64");
  const words = w.at("bert").at("embeddings").at("word_embeddings")
    .weight("weight", [text.vocabSize, width]);
  let h = embed(g, w.at("bert").at("embeddings"), { words, ids }, text);
  const tokens = imageTokens(config);
  for (let i = 0; i < text.layers; i++) {
    const [key, value] = ["key", "value"].map((name) => {
      const seen = g.input(`cross_${name}_${i}`, [1, tokens, width]);
      return batch === 1 ? seen : g.expand(seen, [batch, tokens, width]);
    }) as [Value, Value];
    h = textLayer(g, w.at("bert").at("encoder").at("layer").at(i), h, { key, value, batch, text });
  }
  const head = w.at("cls").at("predictions");
  const transform = head.at("transform");
  const hidden = g.gelu(linear(g, transform.at("dense"), g.gather(h, wanted, 0), { width }));
  const normal = layerNorm(g, transform.at("LayerNorm"), hidden, text.layerNormEps);
  g.output("logits", g.linear(normal, words, head.weight("bias", [text.vocabSize])));
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
  const places = w.at("position_embeddings").weight("weight", [maxPositions, hiddenSize]);
  const own = length === maxPositions ? places : g.slice(places, 0, 0, length);
  const sum = g.reshape(g.add(g.gather(words, ids, 0), own), [batch * length, hiddenSize]);
  return layerNorm(g, w.at("LayerNorm"), sum, layerNormEps);
}

/** What a layer of the decoder needs beside its tokens. */
interface TextLayerOptions {
  readonly key: Value;
  readonly value: Value;
  readonly batch: number;
  readonly text: BlipTextConfig;
}

/**
 * transformers' BlipTextLayer: attention to the text, to the image, then a feed-forward part, each
 * normalized behind its residual. Shapes: x [N L, E] -> the same.
 */
function textLayer(g: GraphBuilder, w: WeightScope, x: Value, options: TextLayerOptions): Value {
  const { key, value, batch, text } = options;
  const { heads, intermediateSize } = text;
  const width = x.shape[1]!;
  const rows = (tokens: Value) => g.reshape(tokens, [batch, -1, width]);
  const project = (scope: WeightScope, name: string, tokens: Value) =>
    rows(linear(g, scope.at("self").at(name), tokens, { width }));
  const close = (scope: WeightScope, result: Value, residual: Value) => {
    const mixed = linear(g, scope.at("dense"), result, { width });
    return layerNorm(g, scope.at("LayerNorm"), g.add(mixed, residual), text.layerNormEps);
  };
  const own = w.at("attention");
  const [q, k, v] = [project(own, "query", x), project(own, "key", x), project(own, "value", x)];
  const attended = g.reshape(g.attention(q, k, v, { heads, causal: true }), x.shape);
  const h = close(own.at("output"), attended, x);
  const cross = w.at("crossattention");
  const asked = g.attention(project(cross, "query", h), key, value, { heads });
  const informed = close(cross.at("output"), g.reshape(asked, x.shape), h);
  const inner = linear(g, w.at("intermediate").at("dense"), informed, { width: intermediateSize });
  return close(w.at("output"), g.gelu(inner), informed);
}
