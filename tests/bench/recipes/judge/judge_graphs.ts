/**
 * The two networks of the judge, in the structure of `assets/models/mini/training/judge.py`, with
 * its batch norms folded in. Widths and numbers of layers are read off the weights.
 */
import type { ClipTextConfig } from "../../../../lib/models/clip/clip_text_config.ts";
import { clipPooledText } from "../../../../lib/models/clip/clip_text_model.ts";
import { conv2d, linear } from "../../../../lib/models/layers/weighted_layers.ts";
import type { Graph, Value } from "../../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { WeightScope } from "../../../../lib/onnx/graph/weight_scope.ts";
import type { WeightSource } from "../../../../lib/weights/weight_source.ts";

/** Width of an attention head of the text encoder, as in `networks.py`. */
const HEAD_WIDTH = 32;

/** Keys of the text encoder and of the temperature, which the image encoder does not use. */
const NOT_OF_IMAGES = [/^text\./, /^text_head\./, /^scale$/];

/**
 * Builds the image encoder: convolutions in residual blocks, their mean, a linear layer.
 *
 * A block halves height and width if its skip connection has a convolution and it is not the
 * first one of the network.
 *
 * @param options.batch Batch size N.
 * @param options.size Height and width S of the input, in pixels.
 * @returns Input "image" [N, 3, S, S] in [0, 1]; output "embedding" [N, D], of any length.
 */
export function buildImageEncoder(
  weights: WeightSource,
  { batch, size }: { readonly batch: number; readonly size: number },
): Graph {
  const g = new GraphBuilder("image encoder of the judge");
  const root = new WeightScope(g, weights);
  const image = g.input("image", [batch, 3, size, size]);
  const channels = root.at("conv_in").shapeOf("weight")[0]!;
  let x = g.relu(conv2d(g, root.at("conv_in"), g.sub(g.mul(image, 2), 1), { channels }));
  const blocks = root.at("blocks");
  for (let i = 0; blocks.has(i); i++) x = block(g, blocks.at(i), x);
  const mean = g.reduceMean(x, [2, 3], false);
  g.output("embedding", linear(g, root.at("head"), mean, { width: widthOf(root, "head") }));
  root.assertAllUsed(NOT_OF_IMAGES);
  return g.build();
}

function block(g: GraphBuilder, w: WeightScope, x: Value): Value {
  const channels = w.at("conv1").shapeOf("weight")[0]!;
  const halves = w.has("skip");
  const stride = halves ? 2 : 1;
  const inner = g.relu(conv2d(g, w.at("conv1"), x, { channels, stride }));
  const outer = conv2d(g, w.at("conv2"), inner, { channels });
  const skip = halves
    ? conv2d(g, w.at("skip"), x, { channels, kernel: 1, stride, bias: false })
    : x;
  return g.relu(g.add(outer, skip));
}

/**
 * Builds the text encoder: CLIP's, its normalized state at the end token, a linear layer.
 *
 * @param options.batch Number of texts N.
 * @param options.length Number of tokens L of a text, with begin and end.
 * @param options.end Id of the end token.
 * @returns Input "input_ids" int64 [N, L]; output "embedding" [N, D], of any length.
 */
export function buildTextEncoder(
  weights: WeightSource,
  { batch, length, end }: {
    readonly batch: number;
    readonly length: number;
    readonly end: number;
  },
): Graph {
  const g = new GraphBuilder("text encoder of the judge");
  const root = new WeightScope(g, weights);
  const ids = g.input("input_ids", [batch, length], "int64");
  const pooled = clipPooledText(g, root.at("text"), ids, textConfig(root.at("text"), end));
  g.output(
    "embedding",
    linear(g, root.at("text_head"), pooled, {
      width: widthOf(root, "text_head"),
    }),
  );
  return g.build();
}

function textConfig(text: WeightScope, end: number): ClipTextConfig {
  const embeddings = text.at("embeddings");
  const layers = text.at("encoder").at("layers");
  const [vocabSize, hiddenSize] = embeddings.at("token_embedding").shapeOf("weight");
  const [maxPositions] = embeddings.at("position_embedding").shapeOf("weight");
  let count = 0;
  while (layers.has(count)) count++;
  return {
    vocabSize: vocabSize!,
    hiddenSize: hiddenSize!,
    intermediateSize: layers.at(0).at("mlp").at("fc1").shapeOf("weight")[0]!,
    layers: count,
    heads: hiddenSize! / HEAD_WIDTH,
    maxPositions: maxPositions!,
    activation: "gelu",
    layerNormEps: 1e-5,
    eosTokenId: end,
    projectionDim: undefined,
  };
}

function widthOf(root: WeightScope, head: string): number {
  return root.at(head).shapeOf("weight")[0]!;
}
