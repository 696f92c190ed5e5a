import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { FloatType } from "../../weights/float16.ts";
import type { Graph, GraphNode, GraphWeight } from "../graph/graph.ts";
import { type BuildPart, rewriteGraph } from "../graph/rewrite_graph.ts";
import { BLOCK_SIZE, type WeightBits } from "./quantize_blocks.ts";
import { quantizeWeight } from "./quantized_weight.ts";

/** Default of {@linkcode QuantizeLinearsOptions.minSize}: smaller weights save nothing. */
const MIN_SIZE = 2 ** 12;

/** Which linear layers are quantized, and how. */
export interface QuantizeLinearsOptions {
  /** Bits per value; undefined leaves the graph unchanged. */
  readonly weightBits?: WeightBits | undefined;
  /** Min number of values of a weight that is quantized. Default: 4096. */
  readonly minSize?: number;
}

/**
 * Quantizes the weights of linear layers: `Gemm` becomes `MatMulNBits`, which computes with the
 * quantized weight. The GPU never holds the dequantized weight.
 *
 * These layers are not quantized: small ones, those whose input width is not a multiple of 32, and
 * those that share their weight with another node. A quantized graph cannot be differentiated.
 *
 * @returns A graph with the same inputs and outputs; the same object if nothing is quantized.
 */
export function quantizeLinears(graph: Graph, options: QuantizeLinearsOptions): Graph {
  const { weightBits: bits, minSize = MIN_SIZE } = options;
  if (bits === undefined) return graph;
  const uses = countUses(graph);
  const weights = new Map(graph.weights.map((weight) => [weight.value.name, weight]));
  return rewriteGraph(graph, (node) => {
    const weight = weights.get(node.inputs[1] ?? "");
    if (!weight || !isLinear(node, weight) || uses.get(weight.value.name) !== 1) return undefined;
    return shapeSize(weight.value.shape) < minSize ? undefined : quantizedLinear(weight, bits);
  });
}

function countUses({ nodes }: Graph): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  for (const name of nodes.flatMap(({ inputs }) => inputs)) {
    uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  return uses;
}

/** Tells whether a node is x W^T + b, with rows of W that consist of whole blocks. */
function isLinear({ op, attributes }: GraphNode, { value: { shape } }: GraphWeight): boolean {
  return op === "Gemm" && attributes["transB"] === 1 && attributes["transA"] === 0 &&
    shape.length === 2 && shape[1]! % BLOCK_SIZE === 0;
}

function quantizedLinear({ value, entry }: GraphWeight, bits: WeightBits): BuildPart {
  const [N, K] = value.shape as [number, number];
  const scaleType = value.type as FloatType;
  const { packed, scales } = quantizeWeight(entry, { bits, scaleType });
  return (g, [x, , bias]) => {
    // A runtime reads weights in the order in which they are added: both read the stored weight.
    const values = g.weight(packed, packed.shape, "uint8");
    const factors = g.weight(scales, scales.shape, scaleType);
    const [zeroPoints, columnOrder] = [undefined, undefined];
    return g.node(
      "MatMulNBits",
      {
        domain: "com.microsoft",
        inputs: [x, values, factors, zeroPoints, columnOrder, bias],
        attributes: { K, N, bits, block_size: BLOCK_SIZE },
      },
      x!.type,
      [...x!.shape.slice(0, -1), N],
    );
  };
}
