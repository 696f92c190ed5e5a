import assert from "node:assert/strict";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { GraphEditor, rewriteGraph } from "../../../../lib/onnx/graph/rewrite_graph.ts";
import { RandomWeights } from "../../../../lib/weights/random_weights.ts";
import { assertAllClose } from "../../../support/assert_all_close.ts";
import { runGraph, scatter } from "../run_graph.ts";

const SHAPE = [2, 3];

/** y = exp(max(relu(x), -5) + w). */
function exampleGraph(): Graph {
  const g = new GraphBuilder("example");
  const weight = g.weight(new RandomWeights().get("w", SHAPE), SHAPE);
  const x = g.max(g.relu(g.input("x", SHAPE)), -5);
  g.output("y", g.exp(g.add(x, weight)));
  return g.build();
}

Deno.test("rewriteGraph() returns the same graph if no node is replaced", () => {
  const graph = exampleGraph();
  assert.equal(rewriteGraph(graph, () => undefined), graph);
});

Deno.test("rewriteGraph() replaces nodes and keeps what the graph computes", async () => {
  const graph = exampleGraph();
  // exp(a) = exp(a / 2)^2 and relu(x) = (x + |x|) / 2. Both parts have nodes of the same name.
  const rewritten = rewriteGraph(graph, ({ op }) => {
    if (op === "Relu") return (g, [x]) => g.div(g.add(x!, g.abs(x!)), 2);
    return op === "Exp"
      ? (g, [a]) => {
        const root = g.exp(g.div(a!, 2));
        return g.mul(root, root);
      }
      : undefined;
  });
  assert.deepEqual(
    rewritten.nodes.map(({ op }) => op),
    ["Abs", "Add", "Div", "Max", "Add", "Div", "Exp", "Mul", "Identity"],
  );
  const names = rewritten.nodes.flatMap(({ name, outputs }) => [name, ...outputs]);
  assert.equal(new Set(rewritten.nodes.map(({ name }) => name)).size, rewritten.nodes.length);
  assert(names.every((name) => name !== ""));
  const x = { data: scatter(6), shape: SHAPE };
  const { y: expected } = await runGraph(graph, { x });
  const { y } = await runGraph(rewritten, { x });
  assertAllClose(y!.data as Float32Array, expected!.data as Float32Array, { atol: 1e-6 });
});

Deno.test("rewriteGraph() adds the weights of a part and drops unused weights and constants", () => {
  const weights = new RandomWeights();
  const rewritten = rewriteGraph(exampleGraph(), ({ op }) => {
    if (op === "Max") return (g, [x]) => g.neg(x!);
    if (op !== "Add") return undefined;
    return (g, [x]) => g.mul(x!, g.weight(weights.get("scale", SHAPE), SHAPE));
  });
  assert.deepEqual(rewritten.weights.map(({ value }) => value.name), ["scale"]);
  assert.deepEqual(rewritten.constants, []);
});

Deno.test("rewriteGraph() refuses a part of another type or shape", () => {
  const replaceRelu = (build: (g: GraphBuilder) => ReturnType<GraphBuilder["neg"]>) => () =>
    rewriteGraph(exampleGraph(), ({ op }) => op === "Relu" ? build : undefined);
  assert.throws(replaceRelu((g) => g.constant([1, 2])), {
    name: "TypeError",
    message: 'Cannot replace tensor "Relu_0" of graph "example": ' +
      "expected float32 [2, 3], got float32 [2]",
  });
  assert.throws(replaceRelu((g) => g.constant([1, 2, 3, 4, 5, 6], SHAPE, "float16")), TypeError);
});

Deno.test("GraphEditor builds a graph with another name and outputs", () => {
  const graph = exampleGraph();
  const editor = new GraphEditor(graph);
  editor.keep(graph.nodes.filter(({ op }) => op === "Relu"));
  const relu = graph.values.get("Relu_0")!;
  const output = { name: "half", type: "float16", shape: SHAPE } as const;
  editor.insert({ name: "half", inputs: [relu], output }, (g, [x]) => g.cast(x!, "float16"));
  const part = editor.finish({ name: "part", outputs: [output] });
  assert.equal(part.name, "part");
  assert.deepEqual(part.nodes.map(({ op }) => op), ["Relu", "Cast"]);
  assert.deepEqual(part.nodes[1]!.outputs, ["half"]);
  assert.deepEqual(part.values.get("half"), output);
  assert.deepEqual([part.weights, part.constants], [[], []]);
});
