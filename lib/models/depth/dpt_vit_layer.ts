import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import type { DptConfig } from "./dpt_config.ts";
import { layerNorm, linear } from "../layers/weighted_layers.ts";
import { vitAttention } from "../layers/vit_attention.ts";

/**
 * transformers' DPTViTLayer.
 *
 * Source:
 * https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/dpt/modeling_dpt.py; Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929.
 *
 * @param x Shape [N S, D].
 * @returns The same shape.
 */
export function dptVitLayer(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  { config, batch }: { readonly config: DptConfig; readonly batch: number },
): Value {
  const { hiddenSize: width, heads, layerNormEps, qkvBias: bias, intermediateSize } = config;
  const normal = layerNorm(g, w.at("layernorm_before"), x, layerNormEps);
  const h = g.add(x, vitAttention(g, w.at("attention"), normal, { batch, heads, bias }));
  const after = layerNorm(g, w.at("layernorm_after"), h, layerNormEps);
  const inner = linear(g, w.at("intermediate").at("dense"), after, { width: intermediateSize });
  return g.add(h, linear(g, w.at("output").at("dense"), g.gelu(inner), { width }));
}
