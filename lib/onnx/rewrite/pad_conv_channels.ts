import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Graph, GraphNode, Value } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph_builder.ts";
import { type BuildPart, rewriteGraph } from "../graph/rewrite_graph.ts";

/** Output channels are padded to a multiple of this: a GPU kernel writes vectors of four values. */
const CHANNEL_MULTIPLE = 4;
/** Min output pixels, over the batch, for which padding is worth two more nodes. */
const MIN_PIXELS = 4096;

/**
 * Pads the output channels of convolutions to a multiple of four and slices the result.
 *
 * The WebGPU kernel of onnxruntime writes single values if the number of channels is not a multiple
 * of four. On an H100, the last convolution of an autoencoder's decoder (to three channels at
 * 1024x1024) took 92 of 132 ms.
 *
 * @returns A graph with the same inputs, outputs and results; the same object if nothing is padded.
 */
export function padConvChannels(graph: Graph): Graph {
  return rewriteGraph(graph, (node) => {
    const output = graph.values.get(node.outputs[0]!)!;
    return isSuitable(node, output) ? paddedConv(node, output) : undefined;
  });
}

function isSuitable({ op, attributes }: GraphNode, output: Value): boolean {
  if (op !== "Conv" || attributes["group"] !== 1) return false;
  const [n, channels, height, width] = output.shape;
  return channels! % CHANNEL_MULTIPLE !== 0 && n! * height! * width! >= MIN_PIXELS;
}

function paddedConv({ attributes }: GraphNode, { type, shape }: Value): BuildPart {
  const channels = shape[1]!;
  const added = CHANNEL_MULTIPLE - channels % CHANNEL_MULTIPLE;
  return (g, [x, weight, bias]) => {
    const inputs = [x, padRows(g, weight!, added), bias && padRows(g, bias, added)];
    const padded = g.node("Conv", { inputs, attributes }, type, shape.with(1, channels + added));
    return g.slice(padded, 1, 0, channels);
  };
}

/** Appends zeros along the first axis: [R, ...] -> [R + count, ...]. */
function padRows(g: GraphBuilder, x: Value, count: number): Value {
  const shape = x.shape.with(0, count);
  const zeros = g.constant(new Float32Array(shapeSize(shape)), shape, x.type);
  return g.concat([x, zeros], 0);
}
