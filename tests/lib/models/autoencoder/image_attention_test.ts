import { addBackward } from "../../../../lib/onnx/autodiff/backward.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { splitAttention } from "../../../../lib/models/autoencoder/image_attention.ts";
import { assertAllClose } from "../../../support/assert_all_close.ts";
import { runGraph, scatter } from "../../onnx/run_graph.ts";

const [N, S, D] = [2, 7, 6];

/** softmax(q k' / sqrt(D)) v in float64. */
function attend(q: Float32Array, k: Float32Array, v: Float32Array): Float64Array {
  const out = new Float64Array(N * S * D);
  for (let n = 0; n < N; n++) {
    for (let s = 0; s < S; s++) {
      const scores = Array.from({ length: S }, (_, t) => {
        let sum = 0;
        for (let d = 0; d < D; d++) sum += q[(n * S + s) * D + d]! * k[(n * S + t) * D + d]!;
        return Math.exp(sum / Math.sqrt(D));
      });
      const total = scores.reduce((sum, score) => sum + score, 0);
      for (let d = 0; d < D; d++) {
        for (let t = 0; t < S; t++) {
          out[(n * S + s) * D + d]! += scores[t]! / total * v[(n * S + t) * D + d]!;
        }
      }
    }
  }
  return out;
}

Deno.test("splitAttention() computes the same for any number of parts", async () => {
  const shape = [N, S, D];
  const [q, k, v] = [1, 2, 3].map((seed) => scatter(N * S * D, seed)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const expected = attend(q, k, v);
  for (const maxScores of [1, 2 * N * S, 4 * N * S, 1000]) {
    const g = new GraphBuilder("parts");
    const inputs = ["q", "k", "v"].map((name) => g.input(name, shape));
    g.output("y", splitAttention(g, inputs[0]!, inputs[1]!, inputs[2]!, maxScores));
    const feeds = { q: { data: q, shape }, k: { data: k, shape }, v: { data: v, shape } };
    const { y } = await runGraph(g.build(), feeds);
    assertAllClose(y!.data as Float32Array, expected);
  }
});

Deno.test("splitAttention() has the same gradient for any number of parts", async () => {
  const shape = [N, S, D];
  const feeds = {
    x: { data: scatter(N * S * D, 1), shape },
    grad: { data: scatter(N * S * D, 2), shape },
  };
  const gradientOf = async (maxScores: number) => {
    const g = new GraphBuilder("parts");
    const x = g.input("x", shape);
    const gradOutput = g.input("grad", shape);
    const output = splitAttention(g, g.mul(x, 1.5), g.sin(x), x, maxScores);
    g.output("grad_x", addBackward(g, { output, gradOutput, input: x }));
    return (await runGraph(g.build(), feeds))["grad_x"]!.data as Float32Array;
  };
  const whole = await gradientOf(1000);
  assertAllClose(await gradientOf(2 * N * S), whole);
  assertAllClose(await gradientOf(1), whole);
});
