import type { WeightEntry } from "../weights/state_dict.ts";

/** Type of the values of a tensor. */
export type ElementType = "float32" | "float16" | "int64" | "int32" | "bool" | "uint8";

/** A tensor of a graph: its name, type and static shape. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
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
  readonly name: string;
  /** Names of tensors; "" for an optional input that is not given. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A tensor that is read from a checkpoint when a session is made. */
export interface GraphWeight {
  readonly value: Value;
  readonly entry: WeightEntry;
}

/** A tensor whose values are part of the graph. */
export interface GraphConstant {
  readonly value: Value;
  /** Values, little-endian. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A network, or a part of one, that a session can run. */
export interface Graph {
  readonly name: string;
  /** In an order in which every tensor is made before it is used. */
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly weights: readonly GraphWeight[];
  readonly constants: readonly GraphConstant[];
  /** All tensors by name. */
  readonly values: ReadonlyMap<string, Value>;
}

/** Returns the number of values of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Formats a type and a shape for messages and listings: `float32 [2, 4]`. */
export function describeValue(value: Pick<Value, "type" | "shape">): string {
  return `${value.type} [${value.shape.join(", ")}]`;
}
