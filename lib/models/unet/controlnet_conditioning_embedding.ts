import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { conv2d } from "../layers/weighted_layers.ts";

/**
 * diffusers' ControlNetConditioningEmbedding. Shapes: x [N, 3, H, W] -> [N, channels, h, w]; height
 * and width are halved between levels.
 *
 * Source:
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/controlnets/controlnet.py.
 *
 * @param options.levels Channels of each level, highest resolution first.
 * @param options.channels Channels of the output.
 */
export function controlnetConditioningEmbedding(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  options: { readonly levels: readonly number[]; readonly channels: number },
): Value {
  const { levels, channels } = options;
  let h = g.silu(conv2d(g, w.at("conv_in"), x, { channels: levels[0]! }));
  for (const [i, next] of levels.slice(1).entries()) {
    h = g.silu(conv2d(g, w.at("blocks").at(2 * i), h, { channels: levels[i]! }));
    h = g.silu(conv2d(g, w.at("blocks").at(2 * i + 1), h, { channels: next, stride: 2 }));
  }
  return conv2d(g, w.at("conv_out"), h, { channels });
}
