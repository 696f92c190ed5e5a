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

/** What {@linkcode addBackward} differentiates. */
export interface BackwardOptions {
  /** Result of the forward nodes. */
  readonly output: Value;
  /** Gradient with respect to `output`, in its shape. */
  readonly gradOutput: Value;
  /** Tensor with respect to which the gradient is computed. */
  readonly input: Value;
}

/**
 * Adds the backward nodes of a graph: reverse-mode differentiation.
 *
 * Visits the nodes between `input` and `output` in reverse order. The gradient rule of each
 * operator adds the nodes that compute the gradients of its inputs; they may read tensors of the
 * forward nodes. Gradients of a tensor with several uses are added up.
 *
 * @returns The gradient with respect to `input`, in its shape.
 * @throws {TypeError} If an operator between them has no gradient rule.
 * @throws {RangeError} If `output` does not depend on `input`, or the shape of `gradOutput` differs
 * from that of `output`.
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

/** Returns the names of the tensors that depend on `input`, itself included. */
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
        `has no gradient rule`,
    );
  }
  const gradOutputs = node.outputs.map((name) => gradients.get(name));
  const grads = rule({
    g,
    node,
    inputs: node.inputs.map((name) => name === "" ? undefined : g.valueOf(name)),
    outputs: node.outputs.map((name) => g.valueOf(name)),
    gradOutputs,
    // Only Split has several outputs; its rule reads `gradOutputs`.
    grad: gradOutputs[0] ?? gradOutputs.find((grad) => grad !== undefined)!,
    wanted: node.inputs.map((name) => dependent.has(name)),
  });
  return node.inputs.flatMap((name, i): [string, Value][] => {
    const grad = grads[i];
    return grad && dependent.has(name) ? [[name, grad]] : [];
  });
}
