import assert from "node:assert/strict";
import { addBackward } from "../../../../lib/onnx/autodiff/backward.ts";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { GradientSession } from "../../../../lib/onnx/runtime/gradient_session.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { runtimeFile } from "../../../../lib/onnx/runtime/runtime_file.ts";
import { SessionError } from "../../../../lib/onnx/runtime/session_error.ts";
import { splitGradient } from "../../../../lib/onnx/rewrite/split_gradient.ts";
import { scatter, WASM_SESSIONS } from "../run_graph.ts";

/** Returns a graph that adds a weight of `size` ones to its input. */
function adder(size: number, onRead: () => void = () => {}): Graph {
  const g = new GraphBuilder("adder");
  const weight = g.weight({
    key: "weight",
    shape: [size],
    dtype: "F32",
    read: (_, start = 0, count = size - start) => {
      onRead();
      return new Uint8Array(new Float32Array(count).fill(1).buffer);
    },
  }, [size]);
  g.output("y", g.add(g.input("x", [size]), weight));
  return g.build();
}

const x = { data: Float32Array.of(1, 2, 3), shape: [3] };

Deno.test("Session runs a network as often as asked, also concurrently", async () => {
  await using session = await WASM_SESSIONS.load(adder(3));
  assert.deepEqual(session.inputNames, ["x"]);
  assert.deepEqual(session.outputNames, ["y"]);
  const results = await Promise.all([1, 2, 3].map(() => session.runHost({ x })));
  for (const { outputs: { y } } of results) {
    assert.deepEqual(y, { data: Float32Array.of(2, 3, 4), shape: [3] });
  }
});

Deno.test("Session lets timers and signals in before each run on the CPU", async () => {
  await using session = await WASM_SESSIONS.load(adder(3));
  let fired = false;
  setTimeout(() => fired = true, 0);
  await session.runHost({ x });
  assert(fired);
});

Deno.test("OrtSessions.load() reads weights only while it loads", async () => {
  let reads = 0;
  const graph = adder(3, () => reads++);
  assert.equal(reads, 0);
  await using session = await WASM_SESSIONS.load(graph);
  const readsOfLoading = reads;
  assert.ok(readsOfLoading > 0);
  await session.runHost({ x });
  assert.equal(reads, readsOfLoading);
});

Deno.test("OrtSessions.load() names the network that failed and the reason", async () => {
  const fail = () => {
    throw new RangeError("the disk is gone");
  };
  await assert.rejects(WASM_SESSIONS.load(adder(3, fail)), (error) => {
    assert.ok(error instanceof SessionError);
    assert.equal(error.graph, "adder");
    assert.match(error.message, /^Cannot load network "adder": the disk is gone$/);
    return true;
  });
});

Deno.test("OrtSessions.load() can be canceled", async () => {
  const signal = AbortSignal.abort(new Error("stopped"));
  await assert.rejects(WASM_SESSIONS.load(adder(3), { signal }), /^Error: stopped$/);
  const controller = new AbortController();
  const graph = adder(3, () => controller.abort(new Error("stopped while reading")));
  const pending = WASM_SESSIONS.load(graph, { signal: controller.signal });
  await assert.rejects(pending, /^Error: stopped while reading$/);
});

Deno.test("Session refuses feeds that do not fit the network", async () => {
  await using session = await WASM_SESSIONS.load(adder(3));
  const refusals = [
    [{}, /expected an input "x", got none/],
    [{ x, z: x }, /expected inputs "x", got "z"/],
    [{ x: { ...x, shape: [1, 3] } }, /to be float32 \[3\], got float32 \[1, 3\]/],
    [{ x: { data: Int32Array.of(1, 2, 3), shape: [3] } }, /got int32 \[3\]/],
    [{ x: { data: Float32Array.of(1, 2), shape: [3] } }, /got float32 \[3\] with 2 values/],
  ] as const;
  for (const [feeds, message] of refusals) {
    await assert.rejects(session.runHost(feeds), (error) => {
      assert.ok(error instanceof SessionError);
      assert.match(error.message, /^Cannot run network "adder": /);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("Session that was disposed of cannot run", async () => {
  const session = await WASM_SESSIONS.load(adder(3));
  await session[Symbol.asyncDispose]();
  await session[Symbol.asyncDispose]();
  await assert.rejects(session.runHost({ x }), /its session was disposed of/);
});

Deno.test("runtimeFile() names a file that exists", () => {
  assert.ok(Deno.statSync(runtimeFile("wasm")!).isFile);
  assert.ok(Deno.statSync(runtimeFile("webgpu")!).isFile);
  assert.equal(runtimeFile("native"), undefined);
});

/** Returns two layers with a corner, and their gradient. */
function layers(): Graph {
  const g = new GraphBuilder("layers");
  const image = g.input("image", [1, 2, 5, 4]);
  const first = g.relu(
    g.conv(image, g.constant(scatter(54), [3, 2, 3, 3]), undefined, { pads: 1 }),
  );
  const last = g.silu(g.conv(first, g.constant(scatter(27), [1, 3, 3, 3])));
  const gradLatents = g.input("grad_latents", last.shape);
  g.output("latents", last);
  g.output(
    "grad_image",
    addBackward(g, { output: last, gradOutput: gradLatents, input: image }),
  );
  return g.build();
}

Deno.test("splitGradient() saves the tensors that the backward half needs", () => {
  const { forward, backward } = splitGradient(layers(), ["grad_image"]);
  const { saved } = forward;
  const types = saved.map((name) => forward.values.get(name)!.type);
  // The output of the ReLU, and the input of the SiLU.
  assert.deepEqual(types, ["float32", "float32"]);
  assert.deepEqual(forward.inputs.map(({ name }) => name), ["image"]);
  assert.deepEqual(forward.outputs.map(({ name }) => name), ["latents", ...saved]);
  assert.deepEqual(backward.inputs.map(({ name }) => name), ["grad_latents", ...saved]);
  assert.equal(forward.nodes.some(({ op }) => op === "Sigmoid"), false);
  assert.equal(backward.nodes.filter(({ op }) => op === "Conv").length, 0);
  assert.throws(
    () => splitGradient(layers(), ["latents", "grad_image"]),
    /Cannot split graph "layers"/,
  );
});

Deno.test("GradientSession computes the outputs of the whole graph", async () => {
  const image = { data: scatter(40, 3), shape: [1, 2, 5, 4] };
  const gradLatents = { data: scatter(6, 4), shape: [1, 1, 3, 2] };
  await using whole = await WASM_SESSIONS.load(layers());
  const { outputs: expected } = await whole.runHost({ image, grad_latents: gradLatents });
  const graphs = splitGradient(layers(), ["grad_image"]);
  await using session = await GradientSession.load(WASM_SESSIONS, graphs);
  await assert.rejects(
    session.backwardHost({ grad_latents: gradLatents }),
    /Cannot run backward: expected a run forward before it/,
  );
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await session.forwardHost({ image }), { latents: expected["latents"] });
    const gradients = await session.backwardHost({ grad_latents: gradLatents });
    assert.deepEqual(gradients, { grad_image: expected["grad_image"] });
  }
});

Deno.test({
  name: "OrtSessions.load() names the missing permission",
  permissions: { read: false },
  fn: async () => {
    await assert.rejects(WASM_SESSIONS.load(adder(3)), (error) => {
      assert.ok(error instanceof SessionError);
      assert.match(error.message, /run again with --allow-read=".*ort-wasm-simd-threaded.wasm"$/);
      return true;
    });
  },
});
