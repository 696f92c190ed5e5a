import { type Attribute, describeValue, type Graph, type Value } from "./graph.ts";

/**
 * Prints a graph as text, one line per tensor or node. Graphs with the same text compute the same,
 * if their weights and constants have the same values.
 */
export function describeGraph(graph: Graph): string {
  const lines = [`graph ${graph.name}`];
  const list = (kind: string, values: readonly Value[]) => {
    for (const value of values) lines.push(`${kind} ${value.name}: ${describeValue(value)}`);
  };
  list("input", graph.inputs);
  list("weight", graph.weights.map(({ value }) => value));
  list("constant", graph.constants.map(({ value }) => value));
  for (const { op, inputs, outputs, attributes } of graph.nodes) {
    const results = outputs.map((name) => `${name}: ${describeValue(graph.values.get(name)!)}`);
    const settings = Object.entries(attributes).map(([name, attribute]) =>
      ` ${name}=${describeAttribute(attribute)}`
    );
    const operands = inputs.map((name) => name === "" ? "-" : name).join(", ");
    lines.push(`${results.join(", ")} = ${op}(${operands})${settings.join("")}`);
  }
  list("output", graph.outputs);
  return lines.join("\n") + "\n";
}

function describeAttribute(attribute: Attribute): string {
  if (typeof attribute !== "object") return String(attribute);
  return "float" in attribute ? String(attribute.float) : `[${attribute.join(",")}]`;
}
