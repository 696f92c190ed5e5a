import type { GraphNode, Value } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph_builder.ts";
import type { GradientRules } from "./gradient_rule.ts";
import { LAYER_GRADIENTS } from "./gradients_layers.ts";
import { LAYOUT_GRADIENTS } from "./gradients_layout.ts";
import { MATH_GRADIENTS } from "./gradients_math.ts";

const GRADIENT_RULES: GradientRules = {
  ...MATH_GRADIENTS,
  ...LAYOUT_GRADIENTS,
  ...LAYER_GRADIENTS,
};

/** What is differentiated. */
export interface BackwardOptions {
  /** Result of the forward part. */
  readonly output: Value;
  /** Gradient with respect to `output`; same shape. */
  readonly gradOutput: Value;
  /** What the gradient is wanted with respect to. */
  readonly input: Value;
}

/**
 * Adds the backward part of a graph, by reverse-mode differentiation.
 *
 * The nodes from `input` to `output` are walked in reverse; each adds the nodes of its gradient,
 * which use the values of the forward part where they need them.
 *
 * @returns The gradient with respect to `input`; same shape.
 * @throws {TypeError} If an operator on the way has no gradient rule.
 * @throws {RangeError} If `output` does not depend on `input`, or the shapes differ.
 */
export function addBackward(g: GraphBuilder, options: BackwardOptions): Value {
  const { output, gradOutput, input } = options;
  if (gradOutput.shape.join() !== output.shape.join()) {
    throw new RangeError(
      `Cannot build the backward of "${g.name}": expected a gradient of shape ` +
        `[${output.shape.join(", ")}], got [${gradOutput.shape.join(", ")}]`,
    );
  }
  const nodes = [...g.nodes];
  const dependent = findDependents(nodes, input);
  if (!dependent.has(output.name)) {
    throw new RangeError(
      `Cannot build the backward of "${g.name}": expected "${output.name}" to depend on ` +
        `"${input.name}"`,
    );
  }
  const gradients = new Map<string, Value>([[output.name, gradOutput]]);
  for (const node of nodes.reverse()) {
    if (!node.outputs.some((name) => gradients.has(name) && dependent.has(name))) continue;
    for (const [name, grad] of gradientsOf(g, node, gradients, dependent)) {
      const other = gradients.get(name);
      gradients.set(name, other ? g.add(other, grad) : grad);
    }
  }
  return gradients.get(input.name)!;
}

/** Finds the tensors that depend on one. */
function findDependents(nodes: readonly GraphNode[], input: Value): ReadonlySet<string> {
  const dependent = new Set([input.name]);
  for (const { inputs, outputs } of nodes) {
    if (!inputs.some((name) => dependent.has(name))) continue;
    for (const name of outputs) dependent.add(name);
  }
  return dependent;
}

function gradientsOf(
  g: GraphBuilder,
  node: GraphNode,
  gradients: ReadonlyMap<string, Value>,
  dependent: ReadonlySet<string>,
): [string, Value][] {
  const rule = GRADIENT_RULES[node.op];
  if (!rule) {
    throw new TypeError(
      `Cannot build the backward of "${g.name}": operator ${node.op} ("${node.name}") ` +
        `has no gradient`,
    );
  }
  const gradOutputs = node.outputs.map((name) => gradients.get(name));
  const grads = rule({
    g,
    node,
    inputs: node.inputs.map((name) => name === "" ? undefined : g.valueOf(name)),
    outputs: node.outputs.map((name) => g.valueOf(name)),
    gradOutputs,
    // The rule for Split, the only operator with several outputs, takes `gradOutputs`.
    grad: gradOutputs[0] ?? gradOutputs.find((grad) => grad !== undefined)!,
    wanted: node.inputs.map((name) => dependent.has(name)),
  });
  return node.inputs.flatMap((name, i): [string, Value][] => {
    const grad = grads[i];
    return grad && dependent.has(name) ? [[name, grad]] : [];
  });
}
