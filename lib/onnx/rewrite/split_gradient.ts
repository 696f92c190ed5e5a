import type { Graph, GraphNode, Value } from "../graph/graph.ts";
import { GraphEditor } from "../graph/rewrite_graph.ts";

/** A network and its gradient as two graphs, so that the backward half recomputes nothing. */
export interface GradientGraphs {
  /** Computes the results and saves the tensors that the backward half needs. */
  readonly forward: Graph & { readonly saved: readonly string[] };
  /** Computes the gradients from the saved tensors and the gradients of the results. */
  readonly backward: Graph;
}

/**
 * Splits a graph to which `addBackward` was applied into a forward and a backward half.
 *
 * The forward half has all nodes that the results depend on. The backward half has the other nodes
 * that the gradients depend on.
 *
 * @param graph Its outputs are results and gradients.
 * @param gradients Names of the outputs that are gradients.
 * @throws {RangeError} If one of them is missing, or there is no other output.
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
  const forwardNodes = findAncestors(graph.nodes, results);
  const isForward = new Set(forwardNodes);
  const backwardNodes = findAncestors(graph.nodes, gradientOutputs)
    .filter((node) => !isForward.has(node));
  const forwardNames = new Set(forwardNodes.flatMap((node) => node.outputs));
  const saved = [...new Set(backwardNodes.flatMap((node) => node.inputs))]
    .filter((name) => forwardNames.has(name));
  const savedValues = saved.map((name) => graph.values.get(name)!);
  const forward = subgraph(graph, "forward", forwardNodes, {
    inputs: graph.inputs,
    outputs: [...results, ...savedValues],
  });
  const backward = subgraph(graph, "backward", backwardNodes, {
    inputs: [...graph.inputs, ...savedValues],
    outputs: gradientOutputs,
  });
  return { forward: { ...forward, saved }, backward };
}

/** Returns the nodes that some tensors depend on, in the order of the graph. */
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

/** Returns the graph of some nodes; inputs that they do not use are left out. */
function subgraph(
  graph: Graph,
  suffix: string,
  nodes: readonly GraphNode[],
  { inputs, outputs }: Pick<Graph, "inputs" | "outputs">,
): Graph {
  const used = new Set(nodes.flatMap((node) => node.inputs));
  const editor = new GraphEditor(graph);
  editor.keep(nodes);
  return editor.finish({
    name: `${graph.name} ${suffix}`,
    inputs: inputs.filter(({ name }) => used.has(name)),
    outputs,
  });
}
