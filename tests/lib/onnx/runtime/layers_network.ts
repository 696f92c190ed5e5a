import { shapeSize } from "../../../../kernels/gpu/shape_size.ts";
import type { Graph, Value } from "../../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { scatter } from "../run_graph.ts";

/**
 * Returns a network with every kind of layer of the models.
 *
 * @param offset Number that other weights follow from.
 */
export function layersNetwork(precision: "float32" | "float16", offset = 0): Graph {
  const g = new GraphBuilder("network", { precision });
  const weight = (seed: number, ...shape: number[]) => {
    const values = scatter(shapeSize(shape), seed + offset);
    return g.constant(values.map((value) => value / 4), shape);
  };
  const image = g.input("image", [2, 3, 6, 4]);
  let h: Value = g.conv(image, weight(1, 8, 3, 3, 3), weight(2, 8), { pads: 1 });
  h = g.silu(g.groupNormalization(h, weight(3, 8), weight(4, 8), 4, 1e-5));
  h = g.conv(h, weight(5, 8, 8, 3, 3), undefined, { pads: 1, strides: 2 });
  let tokens = g.transpose(g.reshape(h, [2, 8, 6]), [0, 2, 1]);
  tokens = g.layerNormalization(tokens, weight(6, 8), weight(7, 8), 1e-5);
  tokens = g.attention(tokens, tokens, tokens, { heads: 2 });
  const [left, right] = g.split(g.linear(tokens, weight(8, 16, 8), weight(9, 16)), 2, [8, 8]);
  tokens = g.mul(left!, g.gelu(right!));
  h = g.add(h, g.reshape(g.transpose(tokens, [0, 2, 1]), [2, 8, 3, 2]));
  g.output("noise_pred", g.conv(g.upsampleNearest(h, 2), weight(10, 3, 8, 1, 1)));
  return g.build();
}
