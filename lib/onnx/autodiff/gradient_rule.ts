import type { GraphNode, Value } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph_builder.ts";
import { describeShapes } from "../graph/shape_inference.ts";

/** Input of a gradient rule: a node and the gradients with respect to its outputs. */
export interface GradientContext {
  /** Graph to which the nodes are added. */
  readonly g: GraphBuilder;
  /** Node that is differentiated. */
  readonly node: GraphNode;
  /** Inputs of the node; undefined for an optional one that is not given. */
  readonly inputs: readonly (Value | undefined)[];
  /** Outputs of the node. */
  readonly outputs: readonly Value[];
  /** Gradient of each output; undefined for an output that does not affect the result. */
  readonly gradOutputs: readonly (Value | undefined)[];
  /** Gradient of the output; of the first known one if there are several. */
  readonly grad: Value;
  /** For each input, whether its gradient is needed. */
  readonly wanted: readonly boolean[];
}

/**
 * Adds the nodes that compute the gradients of the inputs of a node.
 *
 * @returns A gradient for each input, in its shape; undefined where none is needed.
 */
export type GradientRule = (context: GradientContext) => readonly (Value | undefined)[];

/** Gradient rules by operator name. */
export type GradientRules = Readonly<Record<string, GradientRule>>;

/**
 * Returns a float attribute.
 *
 * @throws {TypeError} If the node has no such attribute.
 */
export function floatAttribute(node: GraphNode, name: string): number {
  const attribute = node.attributes[name];
  if (typeof attribute === "object" && "float" in attribute) return attribute.float;
  throw new TypeError(`Cannot find attribute "${name}" of node "${node.name}"`);
}

/**
 * Returns an integer attribute.
 *
 * @throws {TypeError} If the node has no such attribute.
 */
export function integerAttribute(node: GraphNode, name: string): number {
  const attribute = node.attributes[name];
  if (typeof attribute === "number") return attribute;
  throw new TypeError(`Cannot find attribute "${name}" of node "${node.name}"`);
}

/**
 * Returns an attribute that is a list of integers.
 *
 * @throws {TypeError} If the node has no such attribute.
 */
export function integersAttribute(node: GraphNode, name: string): readonly number[] {
  const attribute = node.attributes[name];
  if (Array.isArray(attribute)) return attribute;
  throw new TypeError(`Cannot find attribute "${name}" of node "${node.name}"`);
}

/**
 * Sums a gradient over the axes along which a tensor of shape `shape` was broadcast.
 *
 * @throws {RangeError} If the shape of the gradient cannot come from broadcasting.
 */
export function sumToShape(g: GraphBuilder, grad: Value, shape: readonly number[]): Value {
  const added = grad.shape.length - shape.length;
  if (added < 0) {
    throw new RangeError(
      `Cannot build a gradient: expected a broadcast, got ${describeShapes(grad.shape, shape)}`,
    );
  }
  const axes = grad.shape.flatMap((size, axis) =>
    axis < added || (shape[axis - added] === 1 && size !== 1) ? [axis] : []
  );
  return g.reshape(axes.length === 0 ? grad : g.reduceSum(grad, axes), shape);
}
