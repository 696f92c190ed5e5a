import assert from "node:assert/strict";
import { addBackward } from "../../../../lib/onnx/autodiff/backward.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { GradientSession } from "../../../../lib/onnx/runtime/gradient_session.ts";
import { saveFloat16Masks } from "../../../../lib/onnx/rewrite/float16_masks.ts";
import { type GradientGraphs, splitGradient } from "../../../../lib/onnx/rewrite/split_gradient.ts";
import { scatter, WASM_SESSIONS } from "../run_graph.ts";

const SHAPE = [1, 2, 5, 4];

/** Two ReLUs. With `isFactor`, the values of the first one are needed too, not only its mask. */
function network(isFactor: boolean): GradientGraphs {
  const g = new GraphBuilder("network");
  const x = g.input("x", SHAPE);
  const weight = (seed: number) => g.constant(scatter(36, seed), [2, 2, 3, 3]);
  const first = g.relu(g.conv(x, weight(1), undefined, { pads: 1 }));
  const second = g.relu(g.conv(first, weight(2), undefined, { pads: 1 }));
  const y = g.add(isFactor ? g.mul(first, second) : second, 1);
  g.output("y", y);
  const gradOutput = g.input("grad_y", SHAPE);
  g.output("grad_x", addBackward(g, { output: y, gradOutput, input: x }));
  return splitGradient(g.build(), ["grad_x"]);
}

async function gradientOf(graphs: GradientGraphs): Promise<Float32Array> {
  await using session = await GradientSession.load(WASM_SESSIONS, graphs);
  await session.forwardHost({ x: { data: scatter(40, 3), shape: SHAPE } });
  const { grad_x } = await session.backwardHost({
    grad_y: { data: scatter(40, 4), shape: SHAPE },
  });
  return grad_x!.data as Float32Array;
}

Deno.test("saveFloat16Masks() saves masks in float16 and changes no gradient", async () => {
  const graphs = network(false);
  const narrow = saveFloat16Masks(graphs);
  assert.equal(narrow.forward.saved.length, 2);
  for (const name of narrow.forward.saved) {
    for (const values of [narrow.forward.outputs, narrow.backward.inputs]) {
      assert.equal(values.find((value) => value.name === name)?.type, "float16");
    }
  }
  assert.deepEqual(await gradientOf(narrow), await gradientOf(graphs));
});

Deno.test("saveFloat16Masks() saves values that are needed in float32", async () => {
  const graphs = network(true);
  const narrow = saveFloat16Masks(graphs);
  const types = narrow.forward.saved.map((name) => narrow.forward.values.get(name)!.type);
  assert.ok(types.includes("float32"));
  assert.deepEqual(await gradientOf(narrow), await gradientOf(graphs));
});
