import type { Graph } from "../../../lib/onnx/graph/graph.ts";

/**
 * Adds outputs for activations inside a graph, to compare them one by one.
 *
 * @param weights The weight of a node for each output: the output of that node.
 */
export function withInnerValues(graph: Graph, weights: Readonly<Record<string, string>>): Graph {
  const nodes = [...graph.nodes];
  const outputs = [...graph.outputs];
  for (const [name, weight] of Object.entries(weights)) {
    const user = graph.nodes.find(({ inputs }) => inputs.includes(weight));
    const value = graph.values.get(user?.inputs[0] ?? "");
    if (!value) throw new RangeError(`Cannot find a node with the weight "${weight}"`);
    const parts = { op: "Identity", attributes: {}, domain: "" as const };
    nodes.push({ ...parts, name: `inner_${name}`, inputs: [value.name], outputs: [name] });
    outputs.push({ ...value, name });
  }
  const values = new Map(graph.values);
  for (const output of outputs) values.set(output.name, output);
  return { ...graph, nodes, outputs, values };
}
