import { bytesPerFloat, type FloatType } from "../../weights/float16.ts";
import type { WeightEntry } from "../../weights/weight_source.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import {
  type Attribute,
  describeValue,
  type ElementType,
  type Graph,
  type GraphConstant,
  type GraphNode,
  type GraphWeight,
  type Value,
} from "./graph.ts";

/** Elements of a constant; a number is a scalar. */
export type ConstantData =
  | number
  | readonly number[]
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Uint8Array;

/** Options of a graph. */
export interface GraphOptions {
  /**
   * Type of the weights and of the computation. Inputs and outputs of the graph are float32 in any
   * case. Default: "float32".
   */
  readonly precision?: FloatType;
}

/** Inputs, attributes and operator set of a node. */
export interface NodeParts {
  /** Inputs in the order of the operator; undefined for an optional one that is not given. */
  readonly inputs: readonly (Value | undefined)[];
  /** Attributes by name. Default: none. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Operator set. Default: "", ONNX itself. */
  readonly domain?: GraphNode["domain"];
}

/**
 * Collects the nodes and tensors of a graph. The operators are methods of the subclasses
 * `GraphMath` and `GraphBuilder`.
 */
export class GraphCore {
  /** Name of the graph, for error messages. */
  readonly name: string;
  /** Type of the weights and of the computation. */
  readonly precision: FloatType;
  readonly #nodes: GraphNode[] = [];
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #values = new Map<string, Value>();
  readonly #weights = new Map<string, GraphWeight>();
  readonly #constants = new Map<string, GraphConstant>();

  /** Creates an empty graph. */
  constructor(name: string, options: GraphOptions = {}) {
    this.name = name;
    this.precision = options.precision ?? "float32";
  }

  /** Nodes so far, in the order in which they were added. */
  get nodes(): readonly GraphNode[] {
    return this.#nodes;
  }

  /** Tensors so far, in order. */
  get values(): readonly Value[] {
    return [...this.#values.values()];
  }

  /** Tensors of the checkpoint so far, in order. */
  get weights(): readonly GraphWeight[] {
    return [...this.#weights.values()];
  }

  /** Constants so far, in order. */
  get constants(): readonly GraphConstant[] {
    return [...this.#constants.values()];
  }

  /**
   * Declares an input of the graph.
   *
   * @param options.cast Whether a float32 input is converted to the precision of the graph.
   * Default: true.
   * @returns The input, or its conversion.
   * @throws {RangeError} If the name is taken, or a dimension is not an integer >= 1.
   */
  input(
    name: string,
    shape: readonly number[],
    type: ElementType = "float32",
    options: { readonly cast?: boolean } = {},
  ): Value {
    const value = this.#declare({ name, type, shape: [...shape] });
    this.#inputs.push(value);
    if (type !== "float32" || this.precision === "float32" || options.cast === false) return value;
    return this.castTo(value, this.precision);
  }

  /**
   * Declares an output of the graph. A float16 tensor is converted to float32.
   *
   * @throws {RangeError} If the name is taken.
   */
  output(name: string, value: Value): void {
    const type = value.type === "float16" ? "float32" : value.type;
    const output = this.#declare({ name, type, shape: value.shape });
    const isCast = type !== value.type;
    this.#nodes.push({
      op: isCast ? "Cast" : "Identity",
      attributes: isCast ? { to: elementTypeCode(type) } : {},
      domain: "",
      name: `output_${name}`,
      inputs: [value.name],
      outputs: [name],
    });
    this.#outputs.push(output);
  }

  /**
   * Adds a tensor of a checkpoint. Its values are read when a session is created. A second call for
   * the same key returns the same tensor.
   *
   * @param shape The shape that the caller expects.
   * @param type Type in the graph. Default: the precision of the graph.
   * @throws {RangeError} If the shape in the checkpoint differs.
   */
  weight(
    entry: WeightEntry,
    shape: readonly number[],
    type: ElementType = this.precision,
  ): Value {
    const fits = entry.shape.length === shape.length &&
      entry.shape.every((size, axis) => size === shape[axis]);
    if (!fits) {
      throw new RangeError(
        `Cannot use weight "${entry.key}" in graph "${this.name}": ` +
          `expected shape [${shape.join(", ")}], got [${entry.shape.join(", ")}]`,
      );
    }
    const known = this.#weights.get(entry.key);
    if (known) return known.value;
    const value = this.#declare({ name: entry.key, type, shape: [...shape] });
    this.#weights.set(entry.key, { value, entry });
    return value;
  }

  /**
   * Adds a constant. Equal small constants are stored once.
   *
   * @param shape Default: [] for a number, otherwise one dimension.
   * @param type Default: int64 for a BigInt64Array, int32 for an Int32Array, uint8 for a
   * Uint8Array, otherwise the precision of the graph.
   * @throws {RangeError} If the number of values does not fit the shape.
   */
  constant(data: ConstantData, shape?: readonly number[], type?: ElementType): Value {
    const values = typeof data === "number" ? [data] : data;
    const dimensions = shape ?? (typeof data === "number" ? [] : [values.length]);
    const elementType = type ?? constantType(data) ?? this.precision;
    if (shapeSize(dimensions) !== values.length) {
      throw new RangeError(
        `Cannot build a constant of shape [${dimensions.join(", ")}]: ` +
          `expected ${shapeSize(dimensions)} values, got ${values.length}`,
      );
    }
    const bytes = encodeValues(values, elementType);
    const key = bytes.length <= 64 ? `${elementType} [${dimensions}] ${bytes}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known) return known.value;
    const name = `constant_${this.#constants.size}`;
    const value = this.#declare({ name, type: elementType, shape: [...dimensions] });
    this.#constants.set(key ?? name, { value, bytes });
    return value;
  }

  /**
   * Adds a node with one output.
   *
   * @param type Element type of the output.
   * @param shape Shape of the output.
   * @returns The output.
   */
  node(
    op: string,
    parts: NodeParts,
    type: ElementType,
    shape: readonly number[],
  ): Value {
    return this.nodeWithOutputs(op, parts, type, [shape])[0]!;
  }

  /**
   * Adds a node with several outputs of one type.
   *
   * @param type Element type of all outputs.
   * @param shapes Shape of each output.
   * @returns The outputs.
   */
  nodeWithOutputs(
    op: string,
    parts: NodeParts,
    type: ElementType,
    shapes: readonly (readonly number[])[],
  ): Value[] {
    const name = `${op}_${this.#nodes.length}`;
    const outputs = shapes.map((shape, i) =>
      this.#declare({ name: shapes.length === 1 ? name : `${name}_${i}`, type, shape })
    );
    const inputs = parts.inputs.map((value) => this.#nameOf(op, value));
    while (inputs.at(-1) === "") inputs.pop();
    this.#nodes.push({
      op,
      domain: parts.domain ?? "",
      name,
      inputs,
      outputs: outputs.map((value) => value.name),
      attributes: parts.attributes ?? {},
    });
    return outputs;
  }

  /** Converts a tensor to another element type; returns `x` if it has that type. */
  castTo(x: Value, type: ElementType): Value {
    if (x.type === type) return x;
    return this.node(
      "Cast",
      { inputs: [x], attributes: { to: elementTypeCode(type) } },
      type,
      x.shape,
    );
  }

  /**
   * Returns the tensor of a name.
   *
   * @throws {RangeError} If there is none.
   */
  valueOf(name: string): Value {
    const value = this.#values.get(name);
    if (value) return value;
    throw new RangeError(`Cannot find tensor "${name}" in graph "${this.name}"`);
  }

  /** Returns the checkpoint tensor of a weight; undefined for any other tensor. */
  entryOf(value: Value): WeightEntry | undefined {
    const weight = this.#weights.get(value.name);
    return weight?.value === value ? weight.entry : undefined;
  }

  /**
   * Returns the elements of an int64 constant.
   *
   * @throws {TypeError} If `value` is not one.
   */
  integersOf(value: Value): number[] {
    for (const constant of this.#constants.values()) {
      if (constant.value !== value || value.type !== "int64") continue;
      return Array.from(new BigInt64Array(constant.bytes.buffer), Number);
    }
    throw new TypeError(`Cannot read "${value.name}": expected an int64 constant`);
  }

  /**
   * Returns the graph that was built so far.
   *
   * @throws {TypeError} If it has no output.
   */
  build(): Graph {
    if (this.#outputs.length === 0) {
      throw new TypeError(`Cannot build graph "${this.name}": expected at least one output`);
    }
    return {
      name: this.name,
      nodes: [...this.#nodes],
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
      weights: this.weights,
      constants: this.constants,
      values: new Map(this.#values),
    };
  }

  #declare(value: Value): Value {
    if (value.shape.some((size) => !Number.isSafeInteger(size) || size < 1)) {
      throw new RangeError(
        `Cannot build tensor "${value.name}" of graph "${this.name}": ` +
          `expected dimensions >= 1, got ${describeValue(value)}`,
      );
    }
    if (this.#values.has(value.name)) {
      throw new RangeError(
        `Cannot build graph "${this.name}": expected unique names, got "${value.name}" twice`,
      );
    }
    this.#values.set(value.name, value);
    return value;
  }

  #nameOf(op: string, value: Value | undefined): string {
    if (value === undefined) return "";
    if (this.#values.get(value.name) === value) return value.name;
    throw new TypeError(
      `Cannot build ${op} in graph "${this.name}": tensor "${value.name}" belongs to another graph`,
    );
  }
}

/** Returns the code of an element type. Source: TensorProto.DataType in onnx.proto3. */
export function elementTypeCode(type: ElementType): number {
  return { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10 }[type];
}

/** Returns the size of an element in bytes. */
export function bytesPerElement(type: ElementType): number {
  if (type === "float32" || type === "float16") return bytesPerFloat(type);
  return { int64: 8, int32: 4, bool: 1, uint8: 1 }[type];
}

function constantType(data: ConstantData): ElementType | undefined {
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Int32Array) return "int32";
  return data instanceof Uint8Array ? "uint8" : undefined;
}

function encodeValues(
  values: Exclude<ConstantData, number>,
  type: ElementType,
): Uint8Array<ArrayBuffer> {
  const numbers = Array.from<number | bigint, number>(values, Number);
  const encode = () => {
    switch (type) {
      case "float32":
        return Float32Array.from(numbers);
      case "float16":
        return Float16Array.from(numbers);
      case "int64":
        return BigInt64Array.from(numbers, BigInt);
      case "int32":
        return Int32Array.from(numbers);
      default:
        return Uint8Array.from(numbers);
    }
  };
  return new Uint8Array(encode().buffer);
}
