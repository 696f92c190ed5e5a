import type { ElementType, Value } from "./graph.ts";
import { GraphCore } from "./graph_core.ts";
import { broadcastShapes, normalizeAxis, reducedShape } from "./shape_inference.ts";

/** An operand of an elementwise operation; a number takes the type of the other operand. */
export type Operand = Value | number;

/** ONNX operators that work value by value, and reductions. */
export class GraphMath extends GraphCore {
  /** Adds, with broadcasting. */
  add(a: Operand, b: Operand): Value {
    return this.#binary("Add", a, b);
  }

  /** Subtracts, with broadcasting. */
  sub(a: Operand, b: Operand): Value {
    return this.#binary("Sub", a, b);
  }

  /** Multiplies, with broadcasting. */
  mul(a: Operand, b: Operand): Value {
    return this.#binary("Mul", a, b);
  }

  /** Divides, with broadcasting. */
  div(a: Operand, b: Operand): Value {
    return this.#binary("Div", a, b);
  }

  /** Raises `a` to the power `b`, with broadcasting. */
  pow(a: Operand, b: Operand): Value {
    return this.#binary("Pow", a, b);
  }

  /** Returns the smaller of each pair, with broadcasting. */
  min(a: Operand, b: Operand): Value {
    return this.#binary("Min", a, b);
  }

  /** Returns the larger of each pair, with broadcasting. */
  max(a: Operand, b: Operand): Value {
    return this.#binary("Max", a, b);
  }

  /** Compares for equality; the result is of type bool. */
  equal(a: Operand, b: Operand): Value {
    return this.#binary("Equal", a, b, "bool");
  }

  /** Tells where `a` is greater; the result is of type bool. */
  greater(a: Operand, b: Operand): Value {
    return this.#binary("Greater", a, b, "bool");
  }

  /** Tells where `a` is less; the result is of type bool. */
  less(a: Operand, b: Operand): Value {
    return this.#binary("Less", a, b, "bool");
  }

  /** Tells where both are true. */
  and(a: Value, b: Value): Value {
    return this.#binary("And", a, b, "bool");
  }

  /** Returns `a` where the condition holds and `b` elsewhere, with broadcasting. */
  where(condition: Value, a: Operand, b: Operand): Value {
    const [x, y] = this.#operands("Where", a, b);
    const shape = broadcastShapes("Where", condition.shape, x.shape, y.shape);
    return this.node("Where", { inputs: [condition, x, y] }, x.type, shape);
  }

  /** Returns the square root. */
  sqrt(x: Value): Value {
    return this.#unary("Sqrt", x);
  }

  /** Returns e to the power `x`. */
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

  /** Returns the smallest integer that is not below `x`. */
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

  /** Converts to another type. */
  cast(x: Value, type: ElementType): Value {
    return this.castTo(x, type);
  }

  /** SiLU: x times its sigmoid. Also called swish. */
  silu(x: Value): Value {
    return this.node(
      "QuickGelu",
      { inputs: [x], domain: "com.microsoft", attributes: { alpha: { float: 1 } } },
      x.type,
      x.shape,
    );
  }

  /** CLIP's approximation of GELU: x times the sigmoid of 1.702 x. */
  quickGelu(x: Value): Value {
    return this.node(
      "QuickGelu",
      { inputs: [x], domain: "com.microsoft", attributes: { alpha: { float: 1.702 } } },
      x.type,
      x.shape,
    );
  }

  /** GELU with the error function. Source: arXiv 1606.08415, Eq. 1. */
  gelu(x: Value): Value {
    return this.node("Gelu", { inputs: [x], domain: "com.microsoft" }, x.type, x.shape);
  }

  /** Averages over axes. The axes stay, with one side each, unless `keepDims` is false. */
  reduceMean(x: Value, axes: readonly number[], keepDims = true): Value {
    return this.#reduce("ReduceMean", x, axes, keepDims);
  }

  /** Sums over axes. The axes stay, with one side each, unless `keepDims` is false. */
  reduceSum(x: Value, axes: readonly number[], keepDims = true): Value {
    return this.#reduce("ReduceSum", x, axes, keepDims);
  }

  /** Finds the index of the first largest value along an axis, as int64. */
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
