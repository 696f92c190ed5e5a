import assert from "node:assert/strict";
import type { Graph, Value } from "../../../../lib/onnx/graph/graph.ts";
import { shapeSize } from "../../../../kernels/gpu/shape_size.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { applyWinograd } from "../../../../lib/onnx/rewrite/winograd.ts";
import { WinogradWeight } from "../../../../lib/onnx/rewrite/winograd_weight.ts";
import type { WeightEntry } from "../../../../lib/weights/weight_source.ts";
import { runGraph, scatter } from "../run_graph.ts";

const entry = (key: string, shape: readonly number[], values: Float32Array): WeightEntry => ({
  key,
  shape,
  dtype: "F32",
  read: (_, start = 0, count = values.length - start) =>
    new Uint8Array(values.slice(start, start + count).buffer),
});

/** Returns a chain of two convolutions with the same weight; the first has a bias. */
function chain(shape: readonly number[]): Graph {
  const channels = shape[1]!;
  const g = new GraphBuilder("chain");
  const x: Value = g.input("x", shape);
  const weightShape = [channels, channels, 3, 3];
  const values = scatter(shapeSize(weightShape)).map((value) => value / (3 * Math.sqrt(channels)));
  const weight = g.weight(entry("conv.weight", weightShape, values), weightShape);
  const bias = g.weight(entry("conv.bias", [channels], scatter(channels, 2)), [channels]);
  const first = g.conv(x, weight, bias, { pads: 1 });
  g.output("first", first);
  g.output("last", g.conv(g.relu(first), weight, undefined, { pads: 1 }));
  return g.build();
}

const countConvs = (graph: Graph) => graph.nodes.filter(({ op }) => op === "Conv").length;

// Heights and widths that are multiples of the tile size, and others.
for (const shape of [[2, 48, 8, 8], [1, 40, 12, 16], [3, 96, 7, 9], [2, 96, 6, 18]]) {
  Deno.test(`applyWinograd() keeps the results of a graph: ${shape.join(" x ")}`, async () => {
    const graph = chain(shape);
    const faster = applyWinograd(graph);
    assert.equal(countConvs(graph), 2);
    assert.equal(countConvs(faster), 0);
    assert.deepEqual(faster.inputs, graph.inputs);
    assert.deepEqual(faster.outputs, graph.outputs);
    assert.deepEqual(
      faster.weights.map(({ value }) => value.name).toSorted(),
      ["conv.bias", "conv.weight.winograd"],
    );
    // Convolutions with a padded input are not rewritten: their results are the reference.
    const direct = await runGraph(withPlainConvs(graph), { x: input(shape) });
    const actual = await runGraph(faster, { x: input(shape) });
    for (const name of ["first", "last"]) {
      assert.deepEqual(actual[name]!.shape, shape);
      assertClose(actual[name]!.data as Float32Array, direct[name]!.data as Float32Array);
    }
  });
}

Deno.test("applyWinograd() skips convolutions that it would not make faster", () => {
  for (const shape of [[1, 48, 4, 4], [1, 4, 64, 64]]) {
    const graph = chain(shape);
    assert.equal(applyWinograd(graph), graph);
  }
  const g = new GraphBuilder("others");
  const x = g.input("x", [2, 64, 16, 16]);
  const weight = (side: number, inputs = 64) =>
    g.weight(
      entry(`weight ${side} ${inputs}`, [64, inputs, side, side], new Float32Array(0)),
      [64, inputs, side, side],
    );
  g.output("step", g.conv(x, weight(3), undefined, { pads: 1, strides: 2 }));
  g.output("pad", g.conv(x, weight(3), undefined, { pads: [0, 0, 1, 1] }));
  g.output("dilation", g.conv(x, weight(3), undefined, { pads: 1, dilations: 2 }));
  g.output("group", g.conv(x, weight(3, 32), undefined, { pads: 1, group: 2 }));
  g.output("window", g.conv(x, weight(1)));
  const constant = g.constant(new Float32Array(64 * 64 * 9), [64, 64, 3, 3]);
  g.output("constant", g.conv(x, constant, undefined, { pads: 1 }));
  const graph = g.build();
  assert.equal(applyWinograd(graph), graph);
});

Deno.test("WinogradWeight reads ranges", () => {
  const weight = new WinogradWeight(entry("w", [2, 3, 3, 3], scatter(54)));
  assert.deepEqual(weight.shape, [36, 3, 2]);
  const whole = weight.read("float32");
  assert.equal(whole.length, 4 * 36 * 6);
  assert.deepEqual(weight.read("float32", 10, 3), whole.slice(40, 52));
  // Position [0, 0] of a tile is the first weight divided by 16; position [5, 5] is the last.
  const values = new Float32Array(whole.slice().buffer);
  assert.ok(Math.abs(values[0]! - scatter(54)[0]! / 16) < 1e-7);
  assert.ok(Math.abs(values.at(-1)! - scatter(54).at(-1)!) < 1e-7);
});

function input(shape: readonly number[]) {
  return { data: scatter(shapeSize(shape), 7), shape };
}

/** Moves the padding out of the convolutions, so that applyWinograd() skips them. */
function withPlainConvs(graph: Graph): Graph {
  const g = new GraphBuilder("plain");
  const x = g.input("x", graph.inputs[0]!.shape);
  const pads = [[0, 0], [0, 0], [1, 1], [1, 1]] as const;
  const [weight, bias] = graph.weights.map(({ entry }) => g.weight(entry, entry.shape));
  const first = g.conv(g.pad(x, pads), weight!, bias);
  g.output("first", first);
  g.output("last", g.conv(g.pad(g.relu(first), pads), weight!));
  return g.build();
}

function assertClose(actual: Float32Array, expected: Float32Array): void {
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(actual[i]! - value) < 2e-5, `[${i}]: expected ${value}, got ${actual[i]}`);
  }
}
