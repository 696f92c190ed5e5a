import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Value } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph_builder.ts";
import {
  floatAttribute,
  type GradientContext,
  type GradientRule,
  type GradientRules,
  integerAttribute,
  sumToShape,
} from "./gradient_rule.ts";

/** Returns the derivative of y = f(x) times the gradient of y. */
type UnaryGradient = (g: GraphBuilder, grad: Value, x: Value, y: Value) => Value;

/** Gradient rules of elementwise operators and reductions. */
export const MATH_GRADIENTS: GradientRules = {
  Add: binary((_, grad) => [() => grad, () => grad]),
  Sub: binary((g, grad) => [() => grad, () => g.neg(grad)]),
  Mul: binary((g, grad, a, b) => [() => g.mul(grad, b), () => g.mul(grad, a)]),
  Div: binary((g, grad, a, b) => [
    () => g.div(grad, b),
    () => g.neg(g.div(g.mul(grad, a), g.mul(b, b))),
  ]),
  Pow: binary((g, grad, a, b, y) => [
    () => g.mul(grad, g.mul(b, g.pow(a, g.sub(b, 1)))),
    () => g.mul(grad, g.mul(y, g.log(a))),
  ]),
  Min: binary((g, grad, a, b) => selected(g, grad, g.less(a, b))),
  Max: binary((g, grad, a, b) => selected(g, grad, g.greater(a, b))),
  Where: gradientOfWhere,
  Sqrt: unary((g, grad, _, y) => g.div(grad, g.mul(y, 2))),
  Exp: unary((g, grad, _, y) => g.mul(grad, y)),
  Log: unary((g, grad, x) => g.div(grad, x)),
  Sin: unary((g, grad, x) => g.mul(grad, g.cos(x))),
  Cos: unary((g, grad, x) => g.neg(g.mul(grad, g.sin(x)))),
  Erf: unary((g, grad, x) => g.mul(grad, g.mul(g.exp(g.neg(g.mul(x, x))), 2 / Math.sqrt(Math.PI)))),
  Tanh: unary((g, grad, _, y) => g.mul(grad, g.sub(1, g.mul(y, y)))),
  Sigmoid: unary((g, grad, _, y) => g.mul(grad, g.mul(y, g.sub(1, y)))),
  // Uses the output, so that the input need not be saved. The mask is ceil(clip(y, 0, 1)), because
  // onnxruntime runs comparisons and Sign on the CPU, with a copy from the GPU and back.
  Relu: unary((g, grad, _, y) => g.mul(grad, g.ceil(g.clip(y, 0, 1)))),
  Neg: unary((g, grad) => g.neg(grad)),
  Abs: unary((g, grad, x) => g.where(g.less(x, 0), g.neg(grad), grad)),
  Cast: unary((g, grad, x) => g.cast(grad, x.type)),
  Identity: unary((_, grad) => grad),
  Clip: gradientOfClip,
  QuickGelu: gradientOfQuickGelu,
  Gelu: unary(gradientOfGelu),
  ReduceSum: (context) => [expandReduced(context)],
  ReduceMean: (context) => {
    const [x] = context.inputs as [Value];
    const count = shapeSize(x.shape) / shapeSize(context.outputs[0]!.shape);
    return [context.g.div(expandReduced(context), count)];
  },
  Softmax: ({ g, node, outputs, grad }) => [
    softmaxGradient(g, outputs[0]!, grad, integerAttribute(node, "axis")),
  ],
};

/** Gradient of y = softmax(x) along an axis: y * (grad - sum(grad * y)). */
export function softmaxGradient(g: GraphBuilder, y: Value, grad: Value, axis: number): Value {
  const weighted = g.mul(grad, y);
  return g.sub(weighted, g.mul(y, g.reduceSum(weighted, [axis])));
}

function unary(gradient: UnaryGradient): GradientRule {
  return ({ g, inputs, outputs, grad }) => [gradient(g, grad, inputs[0]!, outputs[0]!)];
}

function binary(
  gradients: (
    g: GraphBuilder,
    grad: Value,
    a: Value,
    b: Value,
    y: Value,
  ) => readonly [() => Value, () => Value],
): GradientRule {
  return ({ g, inputs, outputs, grad, wanted }) => {
    const [a, b] = inputs as [Value, Value];
    const [gradA, gradB] = gradients(g, grad, a, b, outputs[0]!);
    return [
      wanted[0] ? sumToShape(g, gradA(), a.shape) : undefined,
      wanted[1] ? sumToShape(g, gradB(), b.shape) : undefined,
    ];
  };
}

/** Passes the gradient to the first operand where the condition is true, else to the second. */
function selected(
  g: GraphBuilder,
  grad: Value,
  condition: Value,
): readonly [() => Value, () => Value] {
  return [() => g.where(condition, grad, 0), () => g.where(condition, 0, grad)];
}

function gradientOfWhere(context: GradientContext): readonly (Value | undefined)[] {
  const { g, inputs, grad, wanted } = context;
  const [condition, a, b] = inputs as [Value, Value, Value];
  const [gradA, gradB] = selected(g, grad, condition);
  return [
    undefined,
    wanted[1] ? sumToShape(g, gradA(), a.shape) : undefined,
    wanted[2] ? sumToShape(g, gradB(), b.shape) : undefined,
  ];
}

/** Passes the gradient where `x` was not clipped. */
function gradientOfClip({ g, inputs, grad }: GradientContext): readonly Value[] {
  const [x, min, max] = inputs as [Value, Value | undefined, Value | undefined];
  let result = grad;
  if (min) result = g.where(g.less(x, min), 0, result);
  if (max) result = g.where(g.greater(x, max), 0, result);
  return [result];
}

/** With s = sigmoid(a x), the derivative of x s is s (1 + a x (1 - s)). */
function gradientOfQuickGelu({ g, node, inputs, grad }: GradientContext): readonly Value[] {
  const alpha = floatAttribute(node, "alpha");
  const scaled = alpha === 1 ? inputs[0]! : g.mul(inputs[0]!, alpha);
  const s = g.sigmoid(scaled);
  return [g.mul(grad, g.mul(s, g.add(g.mul(scaled, g.sub(1, s)), 1)))];
}

/** The derivative of x Φ(x) is Φ(x) + x φ(x): normal distribution Φ, its density φ. */
function gradientOfGelu(g: GraphBuilder, grad: Value, x: Value): Value {
  const distribution = g.mul(g.add(g.erf(g.mul(x, Math.SQRT1_2)), 1), 0.5);
  const density = g.mul(g.exp(g.mul(g.mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return g.mul(grad, g.add(distribution, g.mul(x, density)));
}

/** Repeats the gradient of a reduction along the reduced axes. */
function expandReduced({ g, inputs, grad }: GradientContext): Value {
  const [x, axes] = inputs as [Value, Value];
  const reduced = g.integersOf(axes);
  const shape = x.shape.map((size, axis) => reduced.includes(axis) ? 1 : size);
  return g.expand(g.reshape(grad, shape), x.shape);
}
