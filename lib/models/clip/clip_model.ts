import type { FloatType } from "../../weights/float16.ts";
import type { WeightSource } from "../../weights/weight_source.ts";
import type { Graph, Value } from "../../onnx/graph/graph.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { WeightScope } from "../../onnx/graph/weight_scope.ts";
import type { ClipConfig, ClipVisionConfig } from "./clip_config.ts";
import { clipEncoderLayer } from "./clip_encoder_layer.ts";
import { clipText, PENULTIMATE_STATES, POSITION_IDS } from "./clip_text_model.ts";
import { layerNorm, linear } from "../layers/weighted_layers.ts";
import { embedPatches } from "../layers/vit_embeddings.ts";

/** Sizes and precision of the graph of a CLIP. */
export interface ClipOptions {
  /** Number of images, N. */
  readonly images: number;
  /** Number of texts, T. */
  readonly texts: number;
  /** Number of tokens of a text, L. */
  readonly length: number;
  /** Precision of the computation. Default: "float32". */
  readonly precision?: FloatType;
}

/**
 * Builds transformers' CLIPModel.
 *
 * Inputs: `pixel_values` [N, 3, S, S], normalized, and `input_ids` int64 [T, L]. Outputs:
 * `image_embeds` [N, P] and `text_embeds` [T, P], unit vectors, and `logits_per_image` [N, T],
 * their scaled cosine similarity: a higher value means that text and image fit better.
 *
 * Source:
 * https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/clip/modeling_clip.py; Radford et al. 2021, https://arxiv.org/abs/2103.00020.
 *
 * @throws {RangeError} If a weight is missing or left over, or its shape differs, or the
 * texts are longer than the model allows.
 */
export function buildClipModel(
  weights: WeightSource,
  config: ClipConfig,
  options: ClipOptions,
): Graph {
  const { images, texts, length } = options;
  const { imageSize } = config.vision;
  const g = new GraphBuilder("image and text encoder", options);
  const root = new WeightScope(g, weights);
  const image = g.input("pixel_values", [images, 3, imageSize, imageSize]);
  const ids = g.input("input_ids", [texts, length], "int64");
  const pooled = clipVision(g, root.at("vision_model"), image, config.vision);
  const projection = { width: config.projectionDim, bias: false };
  const imageEmbeds = unitLength(g, linear(g, root.at("visual_projection"), pooled, projection));
  const textLayers = { ...config.text, states: PENULTIMATE_STATES };
  const textEmbeds = unitLength(g, clipText(g, root, ids, textLayers).textEmbeds!);
  const products = g.gemm(imageEmbeds, textEmbeds, undefined, { transB: true });
  g.output("image_embeds", imageEmbeds);
  g.output("text_embeds", textEmbeds);
  g.output("logits_per_image", g.mul(products, g.exp(root.weight("logit_scale", []))));
  root.assertAllUsed([POSITION_IDS]);
  return g.build();
}

/** transformers' CLIPVisionTransformer. Shapes: image [N, 3, S, S] -> [N, D]. */
function clipVision(
  g: GraphBuilder,
  w: WeightScope,
  image: Value,
  config: ClipVisionConfig,
): Value {
  const { hiddenSize, patchSize, imageSize, layerNormEps } = config;
  const batch = image.shape[0]!;
  const count = 1 + Math.floor(imageSize / patchSize) ** 2;
  const embeddings = w.at("embeddings");
  const patchShape = [hiddenSize, 3, patchSize, patchSize];
  let h = embedPatches(g, image, {
    patchWeight: embeddings.at("patch_embedding").weight("weight", patchShape),
    classToken: embeddings.weight("class_embedding", [hiddenSize]),
    positions: embeddings.at("position_embedding").weight("weight", [count, hiddenSize]),
  });
  // The misspelled name is that of the checkpoints.
  h = layerNorm(g, w.at("pre_layrnorm"), h, layerNormEps);
  for (let i = 0; i < config.layers; i++) {
    const layer = w.at("encoder").at("layers").at(i);
    h = clipEncoderLayer(g, layer, h, { ...config, batch, causal: false });
  }
  const first = g.slice(g.reshape(h, [batch, count, hiddenSize]), 1, 0, 1);
  const pooled = g.reshape(first, [batch, hiddenSize]);
  return layerNorm(g, w.at("post_layernorm"), pooled, layerNormEps);
}

/** Divides each row by its norm. Shapes: x [N, P] -> the same. */
function unitLength(g: GraphBuilder, x: Value): Value {
  return g.div(x, g.sqrt(g.reduceSum(g.mul(x, x), [1])));
}
