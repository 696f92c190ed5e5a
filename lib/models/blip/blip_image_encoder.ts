import type { FloatType } from "../../weights/float16.ts";
import type { WeightSource } from "../../weights/weight_source.ts";
import type { Graph, Value } from "../../onnx/graph/graph.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { WeightScope } from "../../onnx/graph/weight_scope.ts";
import type { BlipConfig, BlipVisionConfig } from "./blip_config.ts";
import { layerNorm, linear } from "../layers/weighted_layers.ts";
import { embedPatches } from "../layers/vit_embeddings.ts";

/** Precision of the graph. */
export interface BlipImageEncoderOptions {
  /** Precision of the computation. Default: "float32". */
  readonly precision?: FloatType;
}

/**
 * Builds the image encoder of transformers' BlipForConditionalGeneration. It runs once per image.
 *
 * Input: `pixel_values` [1, 3, S, S], normalized. Outputs: `image_hidden_states` [1, T, D], and for
 * each layer i of the decoder the keys and values of its cross-attention: `cross_key_<i>` and
 * `cross_value_<i>` [1, T, E].
 *
 * Source:
 * https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/blip/modeling_blip.py; Li et al. 2022, https://arxiv.org/abs/2201.12086.
 *
 * @throws {RangeError} If a weight is missing or left over, or its shape differs.
 */
export function buildBlipImageEncoder(
  weights: WeightSource,
  config: BlipConfig,
  options: BlipImageEncoderOptions = {},
): Graph {
  const { vision, text } = config;
  const g = new GraphBuilder("caption image encoder", options);
  const root = new WeightScope(g, weights);
  const image = g.input("pixel_values", [1, 3, vision.imageSize, vision.imageSize]);
  const states = blipVision(g, root.at("vision_model"), image, vision);
  g.output("image_hidden_states", g.reshape(states, [1, -1, vision.hiddenSize]));
  const layers = root.at("text_decoder").at("bert").at("encoder").at("layer");
  for (let i = 0; i < text.layers; i++) {
    const w = layers.at(i).at("crossattention").at("self");
    for (const name of ["key", "value"] as const) {
      const projected = linear(g, w.at(name), states, { width: text.hiddenSize });
      g.output(`cross_${name}_${i}`, g.reshape(projected, [1, -1, text.hiddenSize]));
    }
  }
  root.at("vision_model").assertAllUsed();
  return g.build();
}

/** Returns the names of the outputs of the image encoder that are inputs of the decoder. */
export function crossNames({ text }: BlipConfig): string[] {
  return Array.from({ length: text.layers }, (_, i) => [`cross_key_${i}`, `cross_value_${i}`])
    .flat();
}

/** Returns the number of tokens of an image: the class token and one per patch. */
export function imageTokens({ vision }: BlipConfig): number {
  return 1 + Math.floor(vision.imageSize / vision.patchSize) ** 2;
}

/** transformers' BlipVisionModel. Shapes: image [1, 3, S, S] -> [T, D]. */
function blipVision(
  g: GraphBuilder,
  w: WeightScope,
  image: Value,
  config: BlipVisionConfig,
): Value {
  const { hiddenSize, patchSize, imageSize, layers, layerNormEps } = config;
  const count = 1 + Math.floor(imageSize / patchSize) ** 2;
  const embeddings = w.at("embeddings");
  const patch = embeddings.at("patch_embedding");
  let h = embedPatches(g, image, {
    patchWeight: patch.weight("weight", [hiddenSize, 3, patchSize, patchSize]),
    patchBias: patch.weight("bias", [hiddenSize]),
    classToken: embeddings.weight("class_embedding", [1, 1, hiddenSize]),
    positions: embeddings.weight("position_embedding", [1, count, hiddenSize]),
  });
  for (let i = 0; i < layers; i++) {
    h = blipEncoderLayer(g, w.at("encoder").at("layers").at(i), h, config);
  }
  return layerNorm(g, w.at("post_layernorm"), h, layerNormEps);
}

/** transformers' BlipEncoderLayer, for one image. Shapes: x [T, D] -> the same. */
function blipEncoderLayer(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  { heads, layerNormEps, intermediateSize }: BlipVisionConfig,
): Value {
  const [length, width] = x.shape as [number, number];
  const selfAttention = w.at("self_attn");
  const normal = layerNorm(g, w.at("layer_norm1"), x, layerNormEps);
  const joined = g.reshape(linear(g, selfAttention.at("qkv"), normal, { width: 3 * width }), [
    1,
    length,
    3 * width,
  ]);
  const [q, k, v] = g.split(joined, 2, [width, width, width]) as [Value, Value, Value];
  const attended = g.reshape(g.attention(q, k, v, { heads }), x.shape);
  const h = g.add(x, linear(g, selfAttention.at("projection"), attended, { width }));
  const mlp = w.at("mlp");
  const inner = linear(g, mlp.at("fc1"), layerNorm(g, w.at("layer_norm2"), h, layerNormEps), {
    width: intermediateSize,
  });
  return g.add(h, linear(g, mlp.at("fc2"), g.gelu(inner), { width }));
}
