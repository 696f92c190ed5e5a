import type { GraphNode, Value } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph_builder.ts";
import { describeShapes } from "../graph/shape_inference.ts";

/** What a rule is given: a node, and the gradient with respect to its outputs. */
export interface GradientContext {
  /** Where the nodes are added. */
  readonly g: GraphBuilder;
  /** The node whose gradient is built. */
  readonly node: GraphNode;
  /** Inputs of the node; undefined where an optional one is not given. */
  readonly inputs: readonly (Value | undefined)[];
  /** Outputs of the node. */
  readonly outputs: readonly Value[];
  /** Gradient for each output; undefined where an output does not matter. */
  readonly gradOutputs: readonly (Value | undefined)[];
  /** Gradient of the first output. */
  readonly grad: Value;
  /** For each input, whether its gradient is wanted. */
  readonly wanted: readonly boolean[];
}

/** Adds nodes for the gradients with respect to the inputs that are wanted. */
export type GradientRule = (context: GradientContext) => readonly (Value | undefined)[];

/** Rules by operator. */
export type GradientRules = Readonly<Record<string, GradientRule>>;

/** Returns an attribute that is a number with a fraction. */
export function floatAttribute(node: GraphNode, name: string): number {
  const attribute = node.attributes[name];
  if (typeof attribute === "object" && "float" in attribute) return attribute.float;
  throw new TypeError(`Cannot find attribute "${name}" of node "${node.name}"`);
}

/** Returns an attribute that is an integer. */
export function integerAttribute(node: GraphNode, name: string): number {
  const attribute = node.attributes[name];
  if (typeof attribute === "number") return attribute;
  throw new TypeError(`Cannot find attribute "${name}" of node "${node.name}"`);
}

/** Returns an attribute that is a list of integers. */
export function integersAttribute(node: GraphNode, name: string): readonly number[] {
  const attribute = node.attributes[name];
  if (Array.isArray(attribute)) return attribute;
  throw new TypeError(`Cannot find attribute "${name}" of node "${node.name}"`);
}

/** Sums a gradient over the sides along which its tensor was broadcast. */
export function sumToShape(g: GraphBuilder, grad: Value, shape: readonly number[]): Value {
  const added = grad.shape.length - shape.length;
  if (added < 0) {
    throw new RangeError(
      `Cannot build a gradient: expected a broadcast, got ${describeShapes(grad.shape, shape)}`,
    );
  }
  const axes = grad.shape.flatMap((side, axis) =>
    axis < added || (shape[axis - added] === 1 && side !== 1) ? [axis] : []
  );
  return g.reshape(axes.length === 0 ? grad : g.reduceSum(grad, axes), shape);
}
