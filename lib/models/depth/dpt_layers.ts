import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { conv2d } from "../layers/weighted_layers.ts";
import type { ModelConfig } from "../model_config.ts";

/**
 * transformers' DPTReassembleLayer and DepthAnythingReassembleLayer.
 * Shapes: x [N, D, h, w] -> [N, channels, h * factor, w * factor].
 */
export function reassembleLayer(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  { channels, factor }: { readonly channels: number; readonly factor: number },
): Value {
  const h = conv2d(g, w.at("projection"), x, { channels, kernel: 1 });
  const resize = w.at("resize");
  if (factor === 1) return h;
  if (factor < 1) return conv2d(g, resize, h, { channels, stride: Math.round(1 / factor) });
  const weight = resize.weight("weight", [channels, channels, factor, factor]);
  return g.convTranspose(h, weight, resize.weight("bias", [channels]), { strides: factor });
}

/**
 * transformers' DPTPreActResidualLayer and DepthAnythingPreActResidualLayer.
 * Shapes: x [N, C, h, w] -> the same.
 */
export function preActResidualLayer(g: GraphBuilder, w: WeightScope, x: Value): Value {
  const channels = x.shape[1]!;
  const h = conv2d(g, w.at("convolution1"), g.relu(x), { channels });
  return g.add(conv2d(g, w.at("convolution2"), g.relu(h), { channels }), x);
}

/**
 * Reads the factors by which a neck resizes feature maps: integers, or one divided by an integer.
 *
 * @throws {ModelConfigError} If they are something else.
 */
export function readReassembleFactors(config: ModelConfig, count: number): readonly number[] {
  const value = config.get("reassemble_factors") ?? [4, 2, 1, 0.5];
  const fits = (factor: unknown) =>
    typeof factor === "number" && factor > 0 && Number.isInteger(Math.max(factor, 1 / factor));
  if (Array.isArray(value) && value.length === count && value.every(fits)) return value;
  throw config.refusal("reassemble_factors", `${count} integers or fractions 1 / integer`);
}
