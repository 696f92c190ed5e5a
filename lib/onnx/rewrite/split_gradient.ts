import type { Graph, GraphNode, Value } from "../graph/graph.ts";

/** A network in two halves, so that the backward half need not compute the forward half again. */
export interface GradientGraphs {
  /** Makes the results and, as further outputs, what the backward half needs of it. */
  readonly forward: Graph;
  /** Takes what was kept and makes the gradients. */
  readonly backward: Graph;
  /** Names of the tensors that go from one to the other. */
  readonly kept: readonly string[];
}

/**
 * Splits a graph to which `addBackward` was applied.
 *
 * What the forward outputs depend on goes into the forward half, the rest into the backward half.
 *
 * @param graph A graph with both results and gradients as outputs.
 * @param gradients Names of the outputs that are gradients.
 */
export function splitGradient(graph: Graph, gradients: readonly string[]): GradientGraphs {
  const isGradient = (value: Value) => gradients.includes(value.name);
  const results = graph.outputs.filter((value) => !isGradient(value));
  const gradientOutputs = graph.outputs.filter(isGradient);
  if (results.length === 0 || gradientOutputs.length !== gradients.length) {
    throw new RangeError(
      `Cannot split graph "${graph.name}": expected the outputs ${gradients.join(", ")} and ` +
        `others, got ${graph.outputs.map(({ name }) => name).join(", ")}`,
    );
  }
  const forwardNodes = new Set(findAncestors(graph.nodes, results));
  const backwardNodes = findAncestors(graph.nodes, gradientOutputs)
    .filter((node) => !forwardNodes.has(node));
  const forwardNames = new Set([...forwardNodes].flatMap((node) => node.outputs));
  const kept = [...new Set(backwardNodes.flatMap((node) => node.inputs))]
    .filter((name) => forwardNames.has(name));
  const keptValues = kept.map((name) => graph.values.get(name)!);
  return {
    forward: part(
      graph,
      "forward",
      graph.nodes.filter((node) => forwardNodes.has(node)),
      { inputs: graph.inputs, outputs: [...results, ...keptValues] },
    ),
    backward: part(graph, "backward", backwardNodes, {
      inputs: [...graph.inputs, ...keptValues],
      outputs: gradientOutputs,
    }),
    kept,
  };
}

/** Returns, in order, the nodes that some tensors depend on. */
function findAncestors(nodes: readonly GraphNode[], values: readonly Value[]): GraphNode[] {
  const needed = new Set(values.map(({ name }) => name));
  const found: GraphNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    found.push(node);
    for (const name of node.inputs) needed.add(name);
  }
  return found.reverse();
}

function part(
  graph: Graph,
  suffix: string,
  nodes: readonly GraphNode[],
  ends: { readonly inputs: readonly Value[]; readonly outputs: readonly Value[] },
): Graph {
  const used = new Set(nodes.flatMap((node) => [...node.inputs, ...node.outputs]));
  const isUsed = ({ name }: Value) => used.has(name);
  return {
    name: `${graph.name} ${suffix}`,
    nodes,
    inputs: ends.inputs.filter(isUsed),
    outputs: ends.outputs,
    weights: graph.weights.filter(({ value }) => isUsed(value)),
    constants: graph.constants.filter(({ value }) => isUsed(value)),
    values: graph.values,
  };
}
