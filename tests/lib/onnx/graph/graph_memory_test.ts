import assert from "node:assert/strict";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { countBuffers, measureGraph } from "../../../../lib/onnx/graph/graph_memory.ts";
import { RandomWeights } from "../../../../lib/weights/random_weights.ts";

Deno.test("measureGraph() returns the peak of live tensors", () => {
  const g = new GraphBuilder("test");
  const weight = g.weight(new RandomWeights().get("w", [100]), [100]);
  const x = g.input("x", [100]);
  // x and y, 800 bytes without the weight; after that, neither is live.
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

Deno.test("measureGraph() keeps outputs to the end and counts a reshaped tensor once", () => {
  const g = new GraphBuilder("test");
  const x = g.input("x", [100]);
  const early = g.relu(x);
  g.output("early", early);
  let h = g.relu(early);
  for (let i = 0; i < 5; i++) h = g.relu(g.reshape(h, i % 2 === 0 ? [10, 10] : [100]));
  g.output("late", h);
  // "early" from start to end, and two more tensors while a node runs.
  assert.equal(measureGraph(g.build()).activationBytes, 1200);
});

Deno.test("measureGraph() counts the scores of attention and the sizes of types", () => {
  const g = new GraphBuilder("test", { precision: "float16" });
  const x = g.input("x", [2, 64, 8], "float32", { cast: false });
  const h = g.cast(x, "float16");
  const attended = g.attention(h, h, h, { heads: 4 });
  g.output("y", attended);
  const { activationBytes, largestBytes } = measureGraph(g.build());
  const scores = 2 * 4 * 64 * 64 * 2;
  assert.equal(largestBytes, scores);
  // No node reads the input after its cast.
  assert.equal(activationBytes, scores + 2 * 2 * 64 * 8 * 2);
});

Deno.test("countBuffers() uses a buffer again for its own size, four nodes later", () => {
  const g = new GraphBuilder("test");
  let h = g.input("x", [10, 10]);
  for (let i = 0; i < 12; i++) h = g.relu(h);
  g.output("sum", g.reduceSum(h, [1], false));
  // The input and four results; the fifth takes the input's buffer. The sum finds none of its size.
  assert.deepEqual([...countBuffers(g.build())], [[400, 5], [40, 1]]);
});
