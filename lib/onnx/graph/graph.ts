import type { WeightEntry } from "../../weights/weight_source.ts";

/** Type of the values of a tensor. */
export type ElementType = "float32" | "float16" | "int64" | "int32" | "bool" | "uint8";

/** A tensor of a graph: its name, type and static shape. */
export interface Value {
  /** Name, once in a graph. */
  readonly name: string;
  /** Type of its values. */
  readonly type: ElementType;
  /** Sides, outermost first; none for a single value. */
  readonly shape: readonly number[];
}

/** Attribute of a node: an integer, integers, a text, or a number with a fraction. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

/** An operator applied to tensors. */
export interface GraphNode {
  /** Name of the operator, such as "Conv". */
  readonly op: string;
  /** Where the operator is defined: "" for ONNX itself. */
  readonly domain: "" | "com.microsoft";
  /** Name, once in a graph. */
  readonly name: string;
  /** Names of tensors; "" for an optional input that is not given. */
  readonly inputs: readonly string[];
  /** Names of tensors. */
  readonly outputs: readonly string[];
  /** Settings by name. */
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A tensor that is read from a checkpoint when a session is made. */
export interface GraphWeight {
  /** The tensor in the graph. */
  readonly value: Value;
  /** The tensor in the checkpoint. */
  readonly entry: WeightEntry;
}

/** A tensor whose values are part of the graph. */
export interface GraphConstant {
  /** The tensor in the graph. */
  readonly value: Value;
  /** Values, little-endian. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A network, or a part of one, that a session can run. */
export interface Graph {
  /** Name, for messages. */
  readonly name: string;
  /** In an order in which every tensor is made before it is used. */
  readonly nodes: readonly GraphNode[];
  /** Tensors that are given for a run. */
  readonly inputs: readonly Value[];
  /** Tensors that a run makes. */
  readonly outputs: readonly Value[];
  /** Tensors of the checkpoint. */
  readonly weights: readonly GraphWeight[];
  /** Tensors that are part of the graph. */
  readonly constants: readonly GraphConstant[];
  /** All tensors by name. */
  readonly values: ReadonlyMap<string, Value>;
  /**
   * Names of outputs that stay with the runtime as inputs of another graph. Default: none.
   */
  readonly saved?: readonly string[];
}

/** Formats a type and a shape for messages and listings: `float32 [2, 4]`. */
export function describeValue(value: Pick<Value, "type" | "shape">): string {
  return `${value.type} [${value.shape.join(", ")}]`;
}
