import { rejects, throws } from "node:assert/strict";
import assert from "node:assert/strict";
import { addBackward } from "../../../../lib/onnx/autodiff/backward.ts";
import { shapeSize } from "../../../../kernels/gpu/shape_size.ts";
import type { Value } from "../../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { scatter, WASM_SESSIONS } from "../run_graph.ts";

/** An expression over x, and values of x at which it is smooth. */
interface GradientCase {
  readonly shape: readonly number[];
  readonly build: (g: GraphBuilder, x: Value) => Value;
  /** Maps values in (-1, 1) to the domain of x. Default: identity. */
  readonly domain?: (value: number) => number;
}

const constant = (g: GraphBuilder, shape: readonly number[], seed = 2) =>
  g.constant(scatter(shapeSize(shape), seed), shape);

// Stays away from 0, where the operator is not differentiable.
const awayFromZero = (value: number) => value + Math.sign(value) * 0.3;
const positive = (value: number) => value + 1.5;

const CASES: Readonly<Record<string, GradientCase>> = {
  "add, broadcast over x": {
    shape: [3, 1],
    build: (g, x) => g.add(x, constant(g, [2, 3, 5])),
  },
  "sub, x on the right": { shape: [5], build: (g, x) => g.sub(constant(g, [3, 5]), x) },
  "mul of x and x": { shape: [7], build: (g, x) => g.mul(x, x) },
  "mul, broadcast over x": { shape: [1, 5], build: (g, x) => g.mul(constant(g, [3, 5]), x) },
  "div by x": { shape: [1, 4], build: (g, x) => g.div(constant(g, [3, 4]), x), domain: positive },
  "div of x": { shape: [3, 4], build: (g, x) => g.div(x, 3) },
  "pow with a constant": { shape: [5], build: (g, x) => g.pow(x, 3) },
  "pow with x above": { shape: [5], build: (g, x) => g.pow(2, x) },
  min: { shape: [7], build: (g, x) => g.min(x, 0), domain: awayFromZero },
  max: { shape: [7], build: (g, x) => g.max(0, x), domain: awayFromZero },
  where: {
    shape: [7],
    build: (g, x) => g.where(g.greater(x, 0), g.mul(x, 2), g.mul(x, -3)),
    domain: awayFromZero,
  },
  sqrt: { shape: [5], build: (g, x) => g.sqrt(x), domain: positive },
  exp: { shape: [5], build: (g, x) => g.exp(x) },
  log: { shape: [5], build: (g, x) => g.log(x), domain: positive },
  sin: { shape: [5], build: (g, x) => g.sin(x) },
  cos: { shape: [5], build: (g, x) => g.cos(x) },
  erf: { shape: [5], build: (g, x) => g.erf(x) },
  tanh: { shape: [5], build: (g, x) => g.tanh(x) },
  sigmoid: { shape: [5], build: (g, x) => g.sigmoid(x) },
  relu: { shape: [7], build: (g, x) => g.relu(x), domain: awayFromZero },
  neg: { shape: [5], build: (g, x) => g.neg(x) },
  abs: { shape: [7], build: (g, x) => g.abs(x), domain: awayFromZero },
  "clip on both sides": {
    shape: [7],
    build: (g, x) => g.clip(g.mul(x, 3), -2, 2),
    domain: (value) => Math.abs(value - 2 / 3) < 0.2 ? 0.2 : value * 0.9,
  },
  silu: { shape: [7], build: (g, x) => g.silu(x) },
  quickGelu: { shape: [7], build: (g, x) => g.quickGelu(x) },
  gelu: { shape: [7], build: (g, x) => g.gelu(x) },
  reduceMean: { shape: [2, 3, 5], build: (g, x) => g.reduceMean(x, [0, 2]) },
  "reduceSum without its axis": { shape: [2, 3], build: (g, x) => g.reduceSum(x, [1], false) },
  "softmax in the middle": { shape: [2, 5, 3], build: (g, x) => g.softmax(x, 1) },
  reshape: { shape: [2, 6], build: (g, x) => g.reshape(x, [3, -1]) },
  "squeeze and unsqueeze": {
    shape: [2, 1, 3],
    build: (g, x) => g.unsqueeze(g.squeeze(x, [1]), [0]),
  },
  transpose: { shape: [2, 3, 5], build: (g, x) => g.transpose(x, [2, 0, 1]) },
  "concat of x twice": {
    shape: [2, 3],
    build: (g, x) => g.concat([x, constant(g, [2, 2]), g.mul(x, 2)], 1),
  },
  "split, one part unused": {
    shape: [2, 6],
    build: (g, x) => {
      const [first, , last] = g.split(x, 1, [1, 3, 2]);
      return g.mul(g.concat([first!, first!], 1), last!);
    },
  },
  slice: { shape: [2, 7], build: (g, x) => g.slice(x, 1, 2, -1) },
  pad: { shape: [2, 3], build: (g, x) => g.pad(x, [[1, 0], [0, 2]], 4) },
  expand: { shape: [3, 1], build: (g, x) => g.expand(x, [2, 3, 5]) },
  upsampleNearest: { shape: [1, 2, 3, 5], build: (g, x) => g.upsampleNearest(x, 2) },
  "averagePool that leaves a rest": { shape: [1, 2, 5, 7], build: (g, x) => g.averagePool(x, 2) },
  "matMul, both sides": {
    shape: [2, 3, 3],
    build: (g, x) => g.matMul(x, g.matMul(constant(g, [3, 3]), x)),
  },
  "matMul, broadcast over x": {
    shape: [3, 5],
    build: (g, x) => g.matMul(constant(g, [2, 4, 3]), x),
  },
  gemm: {
    shape: [3, 5],
    build: (g, x) => g.gemm(x, constant(g, [5, 2]), constant(g, [2])),
  },
  linear: {
    shape: [2, 3, 5],
    build: (g, x) => g.linear(x, constant(g, [4, 5]), constant(g, [4])),
  },
  "conv 3x3": {
    shape: [2, 2, 5, 4],
    build: (g, x) => g.conv(x, constant(g, [3, 2, 3, 3]), constant(g, [3]), { pads: 1 }),
  },
  "conv with steps of 2 on even sides": {
    shape: [1, 2, 6, 4],
    build: (g, x) => g.conv(x, constant(g, [3, 2, 3, 3]), undefined, { pads: 1, strides: 2 }),
  },
  "conv with steps of 2 on odd sides": {
    shape: [1, 2, 5, 7],
    build: (g, x) => g.conv(x, constant(g, [3, 2, 3, 3]), undefined, { pads: 1, strides: 2 }),
  },
  "conv with uneven pads": {
    shape: [1, 2, 4, 6],
    build: (g, x) =>
      g.conv(x, constant(g, [3, 2, 3, 3]), undefined, { pads: [0, 0, 1, 1], strides: 2 }),
  },
  "conv with a flipped weight of a checkpoint": {
    shape: [2, 2, 5, 4],
    build: (g, x) => g.conv(x, weight(g, [3, 2, 3, 3]), undefined, { pads: [1, 0, 2, 1] }),
  },
  "conv with dilation": {
    shape: [1, 2, 7, 6],
    build: (g, x) => g.conv(x, weight(g, [3, 2, 3, 3]), undefined, { pads: 2, dilations: 2 }),
  },
  "conv in groups": {
    shape: [1, 4, 5, 4],
    build: (g, x) => g.conv(x, constant(g, [6, 2, 3, 3]), undefined, { pads: 1, group: 2 }),
  },
  layerNormalization: {
    shape: [3, 5],
    build: (g, x) => g.layerNormalization(x, constant(g, [5], 3), constant(g, [5]), 1e-5),
  },
  groupNormalization: {
    shape: [2, 6, 3, 2],
    build: (g, x) => g.groupNormalization(x, constant(g, [6], 3), constant(g, [6]), 2, 1e-5),
  },
  "attention with itself": {
    shape: [2, 3, 4],
    build: (g, x) => g.attention(x, g.mul(x, 0.7), g.sin(x), { heads: 2 }),
  },
  "causal attention": {
    shape: [1, 4, 4],
    build: (g, x) => g.attention(g.mul(x, 2), x, x, { heads: 2, causal: true }),
  },
  "attention to others": {
    shape: [1, 5, 4],
    build: (g, x) => g.attention(constant(g, [1, 3, 4]), x, g.mul(x, 2), { heads: 1 }),
  },
};

for (const [name, gradientCase] of Object.entries(CASES)) {
  Deno.test(`addBackward() agrees with central differences: ${name}`, async () => {
    const { shape, build, domain = (value: number) => value } = gradientCase;
    const g = new GraphBuilder(name);
    const x = g.input("x", shape);
    const y = build(g, x);
    const gradY = g.input("grad_y", y.shape);
    g.output("y", y);
    g.output("grad_x", addBackward(g, { output: y, gradOutput: gradY, input: x }));
    await using session = await WASM_SESSIONS.load(g.build());
    const values = scatter(shapeSize(shape)).map(domain);
    const gradValues = scatter(shapeSize(y.shape), 5);
    const run = (data: Float32Array) =>
      session.runHost({
        x: { data, shape },
        grad_y: { data: gradValues, shape: y.shape },
      });
    const loss = async (data: Float32Array) => dot((await run(data)).outputs.y!.data, gradValues);
    const actual = (await run(values)).outputs.grad_x!.data as Float32Array;
    assert.equal(actual.length, values.length);
    for (let i = 0; i < values.length; i++) {
      const expected = await centralDifference(loss, values, i);
      // The error of float32 results, divided by the step of the difference.
      assert.ok(
        Math.abs(actual[i]! - expected) <= 1e-3 * Math.max(1, Math.abs(expected)),
        `grad_x[${i}]: expected ${expected}, got ${actual[i]}`,
      );
    }
  });
}

Deno.test("addBackward() refuses an operator without a gradient rule", () => {
  const g = new GraphBuilder("test");
  const x = g.input("x", [3]);
  const y = g.floor(x);
  const gradY = g.input("grad_y", [3]);
  throws(
    () => addBackward(g, { output: y, gradOutput: gradY, input: x }),
    /operator Floor \("Floor_0"\) has no gradient/,
  );
});

Deno.test("addBackward() refuses an output that does not depend on the input", () => {
  const g = new GraphBuilder("test");
  const x = g.input("x", [3]);
  const other = g.input("other", [3]);
  const gradY = g.input("grad_y", [3]);
  throws(
    () => addBackward(g, { output: g.neg(other), gradOutput: gradY, input: x }),
    /to depend on "x"/,
  );
});

Deno.test("Session rejects feeds that do not fit", async () => {
  const g = new GraphBuilder("test");
  g.output("y", g.neg(g.input("x", [3])));
  await using session = await WASM_SESSIONS.load(g.build());
  await rejects(session.runHost({}), /expected an input "x", got none/);
});

function weight(g: GraphBuilder, shape: readonly number[]): Value {
  const values = scatter(shapeSize(shape), 2);
  return g.weight({
    key: "weight",
    shape,
    dtype: "F32",
    read: () => new Uint8Array(values.slice().buffer),
  }, shape);
}

function dot(a: ArrayLike<number | bigint>, b: Float32Array): number {
  return b.reduce((sum, value, i) => sum + value * Number(a[i]), 0);
}

/** Central difference with five points; its error is of fourth order in the step. */
async function centralDifference(
  loss: (data: Float32Array) => Promise<number>,
  values: Float32Array,
  i: number,
): Promise<number> {
  const width = 0.03;
  const at = (steps: number) => loss(values.with(i, values[i]! + steps * width));
  const near = await at(1) - await at(-1);
  const far = await at(2) - await at(-2);
  return (8 * near - far) / (12 * width);
}
