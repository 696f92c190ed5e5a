import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import type { Dinov2Config } from "./dinov2_config.ts";
import { layerNorm, linear } from "../layers/weighted_layers.ts";
import { vitAttention } from "../layers/vit_attention.ts";
import { resizePositions } from "./resized_positions.ts";
import { embedPatches } from "../layers/vit_embeddings.ts";

/**
 * transformers' Dinov2Backbone.
 *
 * Source:
 * https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/dinov2/modeling_dinov2.py; Oquab et al. 2023, https://arxiv.org/abs/2304.07193.
 *
 * @param image Shape [N, 3, H, W]; H and W are multiples of the patch size.
 * @returns The tokens of the patches after each layer of `outIndices`, [N, h, w, D].
 * @throws {RangeError} If H or W is not a multiple of the patch size.
 */
export function dinov2Backbone(
  g: GraphBuilder,
  w: WeightScope,
  image: Value,
  config: Dinov2Config,
): Value[] {
  const [batch, , height, width] = image.shape as [number, number, number, number];
  const { hiddenSize, patchSize, outIndices, layerNormEps } = config;
  const [rows, columns] = [height / patchSize, width / patchSize];
  if (!Number.isInteger(rows) || !Number.isInteger(columns)) {
    throw new RangeError(
      `Cannot build graph "${g.name}": expected height and width to be multiples of ` +
        `${patchSize}, got ${height} x ${width}`,
    );
  }
  let h = embed(g, w.at("embeddings"), image, config);
  const states = [h];
  for (let i = 0; i < outIndices.at(-1)!; i++) {
    h = dinov2Layer(g, w.at("encoder").at("layer").at(i), h, { config, batch });
    states.push(h);
  }
  return outIndices.map((index) => {
    const state = states[index]!;
    const normal = config.applyLayernorm
      ? layerNorm(g, w.at("layernorm"), state, layerNormEps)
      : state;
    const tokens = g.reshape(normal, [batch, 1 + rows * columns, hiddenSize]);
    return g.reshape(g.slice(tokens, 1, 1, 1 + rows * columns), [batch, rows, columns, hiddenSize]);
  });
}

function embed(g: GraphBuilder, w: WeightScope, image: Value, config: Dinov2Config): Value {
  const { hiddenSize, patchSize, imageSize } = config;
  const trained = Math.floor(imageSize / patchSize);
  const [rows, columns] = [image.shape[2]! / patchSize, image.shape[3]! / patchSize];
  const projection = w.at("patch_embeddings").at("projection");
  const stored = w.weight("position_embeddings", [1, 1 + trained ** 2, hiddenSize]);
  const grids = [[trained, trained], [rows, columns]] as const;
  return embedPatches(g, image, {
    patchWeight: projection.weight("weight", [hiddenSize, 3, patchSize, patchSize]),
    patchBias: projection.weight("bias", [hiddenSize]),
    classToken: w.weight("cls_token", [1, 1, hiddenSize]),
    positions: resizePositions(g, stored, grids, "bicubic"),
  });
}

/** transformers' Dinov2Layer. Shapes: x [N S, D] -> the same. */
function dinov2Layer(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  { config, batch }: { readonly config: Dinov2Config; readonly batch: number },
): Value {
  const { hiddenSize: width, heads, layerNormEps, qkvBias: bias, intermediateSize } = config;
  const normal = layerNorm(g, w.at("norm1"), x, layerNormEps);
  const attended = vitAttention(g, w.at("attention"), normal, { batch, heads, bias });
  const scaled = (name: string, y: Value) => g.mul(y, w.at(name).weight("lambda1", [width]));
  const h = g.add(x, scaled("layer_scale1", attended));
  const mlp = w.at("mlp");
  const inner = linear(g, mlp.at("fc1"), layerNorm(g, w.at("norm2"), h, layerNormEps), {
    width: intermediateSize,
  });
  return g.add(h, scaled("layer_scale2", linear(g, mlp.at("fc2"), g.gelu(inner), { width })));
}
