import {
  describeValue,
  type Graph,
  type GraphConstant,
  type GraphNode,
  type GraphWeight,
  type Value,
} from "./graph.ts";
import { GraphBuilder } from "./graph_builder.ts";

/**
 * Builds a part of a graph: adds nodes to `g` and returns the output of the last node.
 *
 * @param inputs Tensors of the whole graph; undefined for an optional input that is not given.
 */
export type BuildPart = (g: GraphBuilder, inputs: readonly (Value | undefined)[]) => Value;

/**
 * Replaces nodes of a graph.
 *
 * @param replace Returns a function that builds the replacement of a node from the inputs of the
 * node, or undefined to keep the node. Only nodes with one output can be replaced.
 * @returns A graph with the same inputs and outputs, without weights and constants that are no
 * longer used; the same object if no node is replaced.
 * @throws {TypeError} If the type or shape of a replacement differs from that of the node.
 */
export function rewriteGraph(
  graph: Graph,
  replace: (node: GraphNode) => BuildPart | undefined,
): Graph {
  const editor = new GraphEditor(graph);
  let isChanged = false;
  for (const node of graph.nodes) {
    const build = replace(node);
    if (!build) {
      editor.keep([node]);
      continue;
    }
    const inputs = node.inputs.map((name) => graph.values.get(name));
    const output = graph.values.get(node.outputs[0]!)!;
    editor.insert({ name: node.name, inputs, output }, build);
    isChanged = true;
  }
  return isChanged ? editor.finish() : graph;
}

/** Builds a graph from nodes of another graph and new parts, in the order of the calls. */
export class GraphEditor {
  readonly #graph: Graph;
  readonly #nodes: GraphNode[] = [];
  readonly #values: Map<string, Value>;
  readonly #weights: Map<string, GraphWeight>;
  readonly #constants: GraphConstant[];

  /** Starts with all tensors of `graph` and no nodes. */
  constructor(graph: Graph) {
    this.#graph = graph;
    this.#values = new Map(graph.values);
    this.#weights = new Map(graph.weights.map((weight) => [weight.value.name, weight]));
    this.#constants = [...graph.constants];
  }

  /** Adds nodes of the original graph as they are. */
  keep(nodes: readonly GraphNode[]): void {
    this.#nodes.push(...nodes);
  }

  /**
   * Adds a part.
   *
   * The weights of the part keep their names. Its nodes and other tensors are named
   * `<part.name>/<name>`.
   *
   * @param part.output The tensor that the part computes; it may be new.
   * @throws {TypeError} If the type or shape of the part's result differs from `part.output`.
   */
  insert(
    part: {
      readonly name: string;
      readonly inputs: readonly (Value | undefined)[];
      readonly output: Value;
    },
    build: BuildPart,
  ): void {
    const { name, inputs, output } = part;
    const g = new GraphBuilder(name);
    const operands = inputs.map((value, i) =>
      value && g.input(`input_${i}`, value.shape, value.type, { cast: false })
    );
    const result = build(g, operands);
    if (describeValue(result) !== describeValue(output)) {
      throw new TypeError(
        `Cannot replace tensor "${output.name}" of graph "${this.#graph.name}": ` +
          `expected ${describeValue(output)}, got ${describeValue(result)}`,
      );
    }
    this.#values.set(output.name, output);
    const names = new Map([["", ""], [result.name, output.name]]);
    for (const [i, operand] of operands.entries()) {
      if (operand) names.set(operand.name, inputs[i]!.name);
    }
    this.#copy(g, names, name);
  }

  /** Copies everything from a builder; tensors that are not in `names` get a prefix. */
  #copy(g: GraphBuilder, names: Map<string, string>, prefix: string): void {
    for (const weight of g.weights) {
      const { name } = weight.value;
      names.set(name, name);
      this.#weights.set(name, weight);
    }
    const rename = (name: string) => names.get(name) ?? `${prefix}/${name}`;
    for (const value of g.values) {
      const name = rename(value.name);
      if (!this.#values.has(name)) this.#values.set(name, { ...value, name });
    }
    for (const { value, bytes } of g.constants) {
      this.#constants.push({ value: this.#values.get(rename(value.name))!, bytes });
    }
    for (const node of g.nodes) {
      this.#nodes.push({
        ...node,
        name: `${prefix}/${node.name}`,
        inputs: node.inputs.map(rename),
        outputs: node.outputs.map(rename),
      });
    }
  }

  /**
   * Finishes the graph. Weights and constants that no node reads are left out.
   *
   * @param changes Name, inputs and outputs. Default: those of the original graph.
   */
  finish(changes: Partial<Pick<Graph, "name" | "inputs" | "outputs">> = {}): Graph {
    const used = new Set(this.#nodes.flatMap(({ inputs }) => inputs));
    return {
      name: this.#graph.name,
      inputs: this.#graph.inputs,
      outputs: this.#graph.outputs,
      ...changes,
      nodes: this.#nodes,
      values: this.#values,
      weights: [...this.#weights.values()].filter(({ value }) => used.has(value.name)),
      constants: this.#constants.filter(({ value }) => used.has(value.name)),
    };
  }
}
