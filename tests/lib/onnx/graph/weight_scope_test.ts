import assert from "node:assert/strict";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { WeightScope } from "../../../../lib/onnx/graph/weight_scope.ts";
import { StateDict } from "../../../../lib/weights/state_dict.ts";
import type { WeightEntry } from "../../../../lib/weights/weight_source.ts";
import { runGraph } from "../run_graph.ts";

const entry = (key: string, ...values: number[]): WeightEntry => ({
  key,
  shape: [values.length],
  dtype: "F32",
  read: (type, start = 0, count = values.length - start) => {
    const range = values.slice(start, start + count);
    const array = type === "float32" ? Float32Array.from(range) : Float16Array.from(range);
    return new Uint8Array(array.buffer);
  },
});

const weights = StateDict.fromEntries([
  entry("down.0.bias", 1, 2),
  entry("down.1.bias", 3, 4),
  entry("extra", 5),
], "memory");

Deno.test("WeightScope follows the keys of the checkpoint", () => {
  const scope = new WeightScope(new GraphBuilder("test"), weights);
  const down = scope.at("down");
  assert.equal(scope.path, "");
  assert.equal(down.at(1).path, "down.1");
  assert.equal(scope.has("down"), true);
  assert.equal(down.has(1), true);
  assert.equal(down.has(2), false);
  assert.equal(down.at(0).has("bias"), true);
  assert.equal(down.at(0).has("bi"), false);
  assert.deepEqual(down.at(0).shapeOf("bias"), [2]);
  assert.equal(down.at(0).weight("bias", [2]), scope.weight("down.0.bias", [2]));
});

Deno.test("WeightScope names the weight that is missing or whose shape differs", () => {
  const scope = new WeightScope(new GraphBuilder("test"), weights).at("down");
  assert.throws(
    () => scope.at(2).weight("bias", [2]),
    /Cannot find weight "down.2.bias" in "memory"/,
  );
  assert.throws(
    () => scope.at(0).weight("bias", [3]),
    /Cannot use weight "down.0.bias" in graph "test": expected shape \[3\], got \[2\]/,
  );
});

Deno.test("WeightScope.assertAllUsed() names what was left over", () => {
  const scope = new WeightScope(new GraphBuilder("test"), weights);
  scope.at("down").at(0).weight("bias", [2]);
  assert.throws(
    () => scope.assertAllUsed(),
    /graph "test" from "memory": expected every weight to be used, got "down.1.bias", "extra" left/,
  );
  scope.at("down").at(0).assertAllUsed();
  scope.at("down").at(1).weight("bias", [2]);
  scope.assertAllUsed([/^extra$/]);
});

for (const precision of ["float32", "float16"] as const) {
  Deno.test(`weights are read as ${precision} when a session is created`, async () => {
    const g = new GraphBuilder("test", { precision });
    const scope = new WeightScope(g, weights).at("down");
    const x = g.input("x", [2]);
    const bias = scope.at(0).weight("bias", [2]);
    assert.equal(bias.type, precision);
    g.output("y", g.add(g.mul(x, bias), scope.at(1).weight("bias", [2])));
    const { y } = await runGraph(g.build(), { x: { data: Float32Array.of(10, 20), shape: [2] } });
    assert.deepEqual([...y!.data], [13, 44]);
  });
}
