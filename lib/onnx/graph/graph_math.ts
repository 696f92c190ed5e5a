import type { ElementType, Value } from "./graph.ts";
import { GraphCore } from "./graph_core.ts";
import { broadcastShapes, normalizeAxis, reducedShape } from "./shape_inference.ts";

/** Operand of an elementwise operation. A number gets the type of the other operand. */
export type Operand = Value | number;

/**
 * Elementwise ONNX operators and reductions.
 *
 * Operators with two operands broadcast; both must have the same element type.
 */
export class GraphMath extends GraphCore {
  /** Returns a + b, with broadcasting. */
  add(a: Operand, b: Operand): Value {
    return this.#binary("Add", a, b);
  }

  /** Returns a - b, with broadcasting. */
  sub(a: Operand, b: Operand): Value {
    return this.#binary("Sub", a, b);
  }

  /** Returns a * b, with broadcasting. */
  mul(a: Operand, b: Operand): Value {
    return this.#binary("Mul", a, b);
  }

  /** Returns a / b, with broadcasting. */
  div(a: Operand, b: Operand): Value {
    return this.#binary("Div", a, b);
  }

  /** Returns `a` to the power of `b`, with broadcasting. */
  pow(a: Operand, b: Operand): Value {
    return this.#binary("Pow", a, b);
  }

  /** Returns the elementwise minimum, with broadcasting. */
  min(a: Operand, b: Operand): Value {
    return this.#binary("Min", a, b);
  }

  /** Returns the elementwise maximum, with broadcasting. */
  max(a: Operand, b: Operand): Value {
    return this.#binary("Max", a, b);
  }

  /** Returns whether a = b, as bool, with broadcasting. */
  equal(a: Operand, b: Operand): Value {
    return this.#binary("Equal", a, b, "bool");
  }

  /** Returns whether a > b, as bool, with broadcasting. */
  greater(a: Operand, b: Operand): Value {
    return this.#binary("Greater", a, b, "bool");
  }

  /** Returns whether a < b, as bool, with broadcasting. */
  less(a: Operand, b: Operand): Value {
    return this.#binary("Less", a, b, "bool");
  }

  /** Returns whether both are true; operands and result are bool. */
  and(a: Value, b: Value): Value {
    return this.#binary("And", a, b, "bool");
  }

  /** Returns `a` where `condition` (bool) is true and `b` elsewhere, with broadcasting. */
  where(condition: Value, a: Operand, b: Operand): Value {
    const [x, y] = this.#operands("Where", a, b);
    const shape = broadcastShapes("Where", condition.shape, x.shape, y.shape);
    return this.node("Where", { inputs: [condition, x, y] }, x.type, shape);
  }

  /** Returns the square root. */
  sqrt(x: Value): Value {
    return this.#unary("Sqrt", x);
  }

  /** Returns e to the power of `x`. */
  exp(x: Value): Value {
    return this.#unary("Exp", x);
  }

  /** Returns the natural logarithm. */
  log(x: Value): Value {
    return this.#unary("Log", x);
  }

  /** Returns the sine of `x`, in radians. */
  sin(x: Value): Value {
    return this.#unary("Sin", x);
  }

  /** Returns the cosine of `x`, in radians. */
  cos(x: Value): Value {
    return this.#unary("Cos", x);
  }

  /** Returns the error function. */
  erf(x: Value): Value {
    return this.#unary("Erf", x);
  }

  /** Returns the hyperbolic tangent. */
  tanh(x: Value): Value {
    return this.#unary("Tanh", x);
  }

  /** Returns 1 / (1 + e^-x). */
  sigmoid(x: Value): Value {
    return this.#unary("Sigmoid", x);
  }

  /** Returns `x` where it is positive, else 0. */
  relu(x: Value): Value {
    return this.#unary("Relu", x);
  }

  /** Returns -x. */
  neg(x: Value): Value {
    return this.#unary("Neg", x);
  }

  /** Returns |x|. */
  abs(x: Value): Value {
    return this.#unary("Abs", x);
  }

  /** Rounds up to an integer. */
  ceil(x: Value): Value {
    return this.#unary("Ceil", x);
  }

  /** Returns the largest integer that is not above `x`. */
  floor(x: Value): Value {
    return this.#unary("Floor", x);
  }

  /** Limits values to [min, max]; a limit that is undefined does not exist. */
  clip(x: Value, min: number | undefined, max: number | undefined): Value {
    const limit = (value: number | undefined) =>
      value === undefined ? undefined : this.constant(value, [], x.type);
    return this.node("Clip", { inputs: [x, limit(min), limit(max)] }, x.type, x.shape);
  }

  /** Converts to another element type. */
  cast(x: Value, type: ElementType): Value {
    return this.castTo(x, type);
  }

  /** SiLU, also called swish: x * sigmoid(x). */
  silu(x: Value): Value {
    return this.node(
      "QuickGelu",
      { inputs: [x], domain: "com.microsoft", attributes: { alpha: { float: 1 } } },
      x.type,
      x.shape,
    );
  }

  /** CLIP's approximation of GELU: x * sigmoid(1.702 x). */
  quickGelu(x: Value): Value {
    return this.node(
      "QuickGelu",
      { inputs: [x], domain: "com.microsoft", attributes: { alpha: { float: 1.702 } } },
      x.type,
      x.shape,
    );
  }

  /** Exact GELU, with the error function. Source: https://arxiv.org/abs/1606.08415, section 2. */
  gelu(x: Value): Value {
    return this.node("Gelu", { inputs: [x], domain: "com.microsoft" }, x.type, x.shape);
  }

  /** Returns the mean over axes, which stay as dimensions of 1 unless `keepDims` is false. */
  reduceMean(x: Value, axes: readonly number[], keepDims = true): Value {
    return this.#reduce("ReduceMean", x, axes, keepDims);
  }

  /** Returns the sum over axes, which stay as dimensions of 1 unless `keepDims` is false. */
  reduceSum(x: Value, axes: readonly number[], keepDims = true): Value {
    return this.#reduce("ReduceSum", x, axes, keepDims);
  }

  /** Returns the index of the first maximum along an axis, as int64. */
  argMax(x: Value, axis: number, keepDims = true): Value {
    const normalized = normalizeAxis("ArgMax", axis, x.shape.length);
    return this.node(
      "ArgMax",
      { inputs: [x], attributes: { axis: normalized, keepdims: keepDims ? 1 : 0 } },
      "int64",
      reducedShape(x.shape, [normalized], keepDims),
    );
  }

  /** Returns the softmax along an axis. */
  softmax(x: Value, axis: number): Value {
    const normalized = normalizeAxis("Softmax", axis, x.shape.length);
    return this.node(
      "Softmax",
      { inputs: [x], attributes: { axis: normalized } },
      x.type,
      x.shape,
    );
  }

  #unary(op: string, x: Value): Value {
    return this.node(op, { inputs: [x] }, x.type, x.shape);
  }

  #binary(op: string, a: Operand, b: Operand, type?: ElementType): Value {
    const [x, y] = this.#operands(op, a, b);
    const shape = broadcastShapes(op, x.shape, y.shape);
    return this.node(op, { inputs: [x, y] }, type ?? x.type, shape);
  }

  #operands(op: string, a: Operand, b: Operand): [Value, Value] {
    const type = typeof a !== "number" ? a.type : typeof b !== "number" ? b.type : this.precision;
    const x = typeof a === "number" ? this.constant(a, [], type) : a;
    const y = typeof b === "number" ? this.constant(b, [], type) : b;
    if (x.type === y.type) return [x, y];
    throw new TypeError(
      `Cannot build ${op}: expected tensors of one type, got "${x.name}" ${x.type} ` +
        `and "${y.name}" ${y.type}`,
    );
  }

  #reduce(op: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
    const normalized = axes.map((axis) => normalizeAxis(op, axis, x.shape.length));
    const axesValue = this.constant(normalized, [normalized.length], "int64");
    return this.node(
      op,
      { inputs: [x, axesValue], attributes: { keepdims: keepDims ? 1 : 0 } },
      x.type,
      reducedShape(x.shape, normalized, keepDims),
    );
  }
}
