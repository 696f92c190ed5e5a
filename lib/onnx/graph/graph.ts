import type { WeightEntry } from "../../weights/weight_source.ts";

/** Type of the elements of a tensor. */
export type ElementType = "float32" | "float16" | "int64" | "int32" | "bool" | "uint8";

/** A tensor in a graph: name, element type and static shape. */
export interface Value {
  /** Name, unique in the graph. */
  readonly name: string;
  /** Type of the elements. */
  readonly type: ElementType;
  /** Dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
}

/** Attribute of a node: an integer, a list of integers, a string, or `{ float }`. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

/** An operator with its inputs, outputs and attributes. */
export interface GraphNode {
  /** ONNX name of the operator, such as "Conv". */
  readonly op: string;
  /** Operator set: "" is ONNX itself, "com.microsoft" has the operators of onnxruntime. */
  readonly domain: "" | "com.microsoft";
  /** Name, unique in the graph. */
  readonly name: string;
  /** Names of the input tensors; "" stands for an optional input that is not given. */
  readonly inputs: readonly string[];
  /** Names of the output tensors. */
  readonly outputs: readonly string[];
  /** Attributes by name. */
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A tensor whose values are read from a checkpoint when a session is created. */
export interface GraphWeight {
  /** The tensor in the graph. */
  readonly value: Value;
  /** The tensor in the checkpoint. */
  readonly entry: WeightEntry;
}

/** A tensor whose values are stored in the graph. */
export interface GraphConstant {
  /** The tensor in the graph. */
  readonly value: Value;
  /** Elements, row-major and little-endian. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A computation that a session can run: a network, or a part of one. */
export interface Graph {
  /** Name for error messages. */
  readonly name: string;
  /** Nodes in topological order: each tensor is computed before it is used. */
  readonly nodes: readonly GraphNode[];
  /** Tensors that the caller provides for each run. */
  readonly inputs: readonly Value[];
  /** Tensors that a run returns. */
  readonly outputs: readonly Value[];
  /** Tensors of a checkpoint. */
  readonly weights: readonly GraphWeight[];
  /** Tensors whose values are stored in the graph. */
  readonly constants: readonly GraphConstant[];
  /** All tensors by name. */
  readonly values: ReadonlyMap<string, Value>;
  /**
   * Names of outputs that stay in the memory of the runtime, as inputs of another graph.
   * Default: none.
   */
  readonly saved?: readonly string[];
}

/** Formats a type and a shape for error messages and listings: `float32 [2, 4]`. */
export function describeValue(value: Pick<Value, "type" | "shape">): string {
  return `${value.type} [${value.shape.join(", ")}]`;
}
