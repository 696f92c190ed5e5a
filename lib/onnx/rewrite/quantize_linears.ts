import type { FloatType } from "../../weights/float16.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Graph, GraphNode, GraphWeight, Value } from "../graph/graph.ts";
import { BLOCK_SIZE, quantizeWeight, type WeightBits } from "./quantized_weight.ts";

/** Fewest values of a weight that is quantized: below it, there is nothing to be saved. */
const MIN_SIZE = 2 ** 12;

/** Which linear layers are quantized, and how. */
export interface QuantizeLinearsOptions {
  /** Bits of a value; undefined leaves the graph as it is. */
  readonly weightBits?: WeightBits | undefined;
  /** Fewest values of a weight that is quantized. Default: 4096. */
  readonly minSize?: number;
}

/**
 * Replaces linear layers by those with quantized weights, which are computed with as they are: the
 * memory of a GPU never holds more than them.
 *
 * Left as they are: small layers, widths that are no multiples of 32, and weights that are used
 * elsewhere too. Such a graph has no gradient.
 *
 * @returns A graph with the same inputs and outputs.
 */
export function quantizeLinears(graph: Graph, options: QuantizeLinearsOptions): Graph {
  const { weightBits: bits, minSize = MIN_SIZE } = options;
  if (bits === undefined) return graph;
  const uses = countUses(graph);
  const weights = new Map(graph.weights.map((weight) => [weight.value.name, weight]));
  const values = new Map(graph.values);
  const nodes = graph.nodes.map((node) => {
    const weight = weights.get(node.inputs[1] ?? "");
    if (!weight || !isLinear(node, weight) || uses.get(weight.value.name) !== 1) return node;
    if (shapeSize(weight.value.shape) < minSize) return node;
    const [packed, scales] = quantize(weight, bits);
    // The order is that in which a runtime reads them: each weight is read twice in a row.
    weights.delete(weight.value.name);
    for (const added of [packed, scales]) {
      weights.set(added.value.name, added);
      values.set(added.value.name, added.value);
    }
    return replace(node, [packed.value, scales.value], { weight: weight.value, bits });
  });
  return { ...graph, nodes, values, weights: [...weights.values()] };
}

function countUses({ nodes }: Graph): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  for (const name of nodes.flatMap(({ inputs }) => inputs)) {
    uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  return uses;
}

/** Tells whether a node is x W^T + b, with a weight that blocks fit into. */
function isLinear({ op, attributes }: GraphNode, { value: { shape } }: GraphWeight): boolean {
  return op === "Gemm" && attributes["transB"] === 1 && attributes["transA"] === 0 &&
    shape.length === 2 && shape[1]! % BLOCK_SIZE === 0;
}

function quantize({ value, entry }: GraphWeight, bits: WeightBits): [GraphWeight, GraphWeight] {
  const scaleType = value.type as FloatType;
  const { packed, scales } = quantizeWeight(entry, { bits, scaleType });
  return [
    { value: { name: packed.key, type: "uint8", shape: packed.shape }, entry: packed },
    { value: { name: scales.key, type: scaleType, shape: scales.shape }, entry: scales },
  ];
}

/** Returns the node that takes the place of a linear layer. */
function replace(
  { name, inputs: [x, , bias], outputs }: GraphNode,
  [packed, scales]: readonly [Value, Value],
  { weight, bits }: { readonly weight: Value; readonly bits: WeightBits },
): GraphNode {
  const [N, K] = weight.shape as [number, number];
  // Between scales and bias are zero points and an order of columns, which are not used.
  const rest = bias === undefined ? [] : ["", "", bias];
  return {
    op: "MatMulNBits",
    domain: "com.microsoft",
    name,
    inputs: [x!, packed.name, scales.name, ...rest],
    outputs,
    attributes: { K, N, bits, block_size: BLOCK_SIZE },
  };
}
