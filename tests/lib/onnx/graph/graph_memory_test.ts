import assert from "node:assert/strict";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { measureGraph } from "../../../../lib/onnx/graph/graph_memory.ts";
import { RandomWeights } from "../../../../lib/weights/random_weights.ts";

Deno.test("measureGraph() counts what is there at a time", () => {
  const g = new GraphBuilder("test");
  const weight = g.weight(new RandomWeights().get("w", [100]), [100]);
  const x = g.input("x", [100]);
  // x, y and weight: 800 bytes beside the weight; then y dies, and x with it.
  const y = g.mul(x, weight);
  const z = g.reshape(y, [10, 10]);
  const sum = g.reduceSum(z, [1], false);
  g.output("sum", sum);
  const { weightBytes, activationBytes, largestBytes } = measureGraph(g.build());
  // The weight, the shape [10, 10] and the axis [1], both int64.
  assert.equal(weightBytes, 400 + 16 + 8);
  assert.equal(activationBytes, 800);
  assert.equal(largestBytes, 400);
});

Deno.test("measureGraph() keeps outputs to the end, and knows that a new shape is no copy", () => {
  const g = new GraphBuilder("test");
  const x = g.input("x", [100]);
  const early = g.relu(x);
  g.output("early", early);
  let h = g.relu(early);
  for (let i = 0; i < 5; i++) h = g.relu(g.reshape(h, i % 2 === 0 ? [10, 10] : [100]));
  g.output("late", h);
  // "early" all the time, and two more while a node runs.
  assert.equal(measureGraph(g.build()).activationBytes, 1200);
});

Deno.test("measureGraph() counts the scores of attention, and types", () => {
  const g = new GraphBuilder("test", { precision: "float16" });
  const x = g.input("x", [2, 64, 8], "float32", { cast: false });
  const h = g.cast(x, "float16");
  const attended = g.attention(h, h, h, { heads: 4 });
  g.output("y", attended);
  const { activationBytes, largestBytes } = measureGraph(g.build());
  const scores = 2 * 4 * 64 * 64 * 2;
  assert.equal(largestBytes, scores);
  // Behind its cast the input is not read any more.
  assert.equal(activationBytes, scores + 2 * 2 * 64 * 8 * 2);
});
