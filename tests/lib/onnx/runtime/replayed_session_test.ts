import assert from "node:assert/strict";
import { DeviceLostError } from "../../../../kernels/gpu/device.ts";
import { Gpu } from "../../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../../kernels/gpu/tensor.ts";
import { addBackward } from "../../../../lib/onnx/autodiff/backward.ts";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { splitGradient } from "../../../../lib/onnx/rewrite/split_gradient.ts";
import { ReplayedSession } from "../../../../lib/onnx/runtime/replayed_session.ts";
import { OrtDevice } from "../../../../lib/patches/ort_device.ts";
import { GradientSession } from "../../../../lib/onnx/runtime/gradient_session.ts";
import { OrtSession } from "../../../../lib/onnx/runtime/ort_session.ts";
import { OrtSessions } from "../../../../lib/onnx/runtime/ort_sessions.ts";
import type { Session } from "../../../../lib/onnx/runtime/session.ts";
import { SessionError } from "../../../../lib/onnx/runtime/session_error.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { scatter } from "../run_graph.ts";
import { layersNetwork } from "./layers_network.ts";

const SHAPE = [2, 3, 6, 4];

function imageOf(seed: number): Float32Array<ArrayBuffer> {
  return new Float32Array(scatter(2 * 3 * 6 * 4, seed));
}

/** Loads a graph with replayed runs, and without. */
async function loadBoth(
  gpu: Gpu,
  graph: Graph,
): Promise<[replayed: ReplayedSession, plain: Session]> {
  const replayed = await new OrtSessions({ runtime: "webgpu", gpu }).load(graph);
  const plain = await new OrtSessions({ runtime: "webgpu", gpu, replays: false }).load(graph);
  assert(replayed instanceof ReplayedSession && plain instanceof OrtSession);
  return [replayed, plain];
}

async function runOn(gpu: Gpu, session: Session, values: Float32Array): Promise<Float32Array> {
  using image = GpuTensor.from(gpu, values, SHAPE, "image");
  using output = (await session.run({ image })).outputs["noise_pred"]!;
  return await output.read();
}

/** Runs a session until it replays its runs. */
async function record(gpu: Gpu, session: Session): Promise<void> {
  assert(session instanceof ReplayedSession);
  for (let i = 0; i < 4 && session.mode === "record"; i++) await runOn(gpu, session, imageOf(i));
  assert.deepEqual([session.mode, session.refusal], ["replay", undefined]);
}

for (const precision of ["float32", "float16"] as const) {
  gpuTest(`ReplayedSession gives the bits of OrtSession: ${precision}`, async (gpu) => {
    const [replayed, plain] = await loadBoth(gpu, layersNetwork(precision));
    const modes: string[] = [];
    for (const seed of [1, 2, 3, 4, 1, 5]) {
      const values = imageOf(seed);
      const expected = await runOn(gpu, plain, values);
      assert(expected.every(Number.isFinite) && expected.some((value) => value !== expected[0]));
      modes.push(replayed.mode);
      assert.deepEqual(await runOn(gpu, replayed, values), expected, `seed ${seed}`);
      const { outputs } = await replayed.runHost({ image: { data: values, shape: SHAPE } });
      assert.deepEqual(outputs["noise_pred"], { data: expected, shape: SHAPE });
    }
    assert.deepEqual([modes[0], modes.at(-2), modes.at(-1)], ["record", "replay", "replay"]);
    await replayed[Symbol.asyncDispose]();
    await plain[Symbol.asyncDispose]();
  });
}

gpuTest("a replayed run creates nothing and is sent at once", async () => {
  using gpu = await Gpu.request();
  const calls = new Map<string, number>();
  const count = (target: object, name: string) => {
    const method = Reflect.get(target, name).bind(target);
    const value = (...args: readonly unknown[]) => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      return method(...args);
    };
    Object.defineProperty(target, name, { value, configurable: true });
  };
  for (const name of ["createBindGroup", "createShaderModule"]) count(gpu.device, name);
  for (const name of ["writeBuffer", "submit"]) count(gpu.device.queue, name);
  const replayed = await new OrtSessions({ runtime: "webgpu", gpu }).load(layersNetwork("float32"));
  await using session = replayed;
  await record(gpu, session);
  assert(calls.get("createBindGroup")! > 40 && calls.get("writeBuffer")! > 40);
  using image = GpuTensor.from(gpu, imageOf(1), SHAPE, "image");
  calls.clear();
  using _output = (await session.run({ image })).outputs["noise_pred"]!;
  assert.deepEqual([...calls], [["submit", 1]]);
});

gpuTest("replayed sessions run side by side, with a plain one", async (gpu) => {
  const [replayed, plain] = await loadBoth(gpu, layersNetwork("float32"));
  await using other = await new OrtSessions({ runtime: "webgpu", gpu }).load(
    layersNetwork("float32", 4),
  );
  const expected = new Map<Session, Float32Array[]>();
  for (const session of [replayed, other]) {
    const results = [];
    for (const seed of [1, 2]) results.push(await runOn(gpu, session, imageOf(seed)));
    expected.set(session, results);
    await record(gpu, session);
  }
  assert.notDeepEqual(expected.get(replayed), expected.get(other));
  const calls = [replayed, other, plain, replayed, other, plain].map(async (session, i) => {
    const seed = i % 2 + 1;
    const known = expected.get(session) ?? expected.get(replayed)!;
    assert.deepEqual(await runOn(gpu, session, imageOf(seed)), known[seed - 1], `call ${i}`);
  });
  await Promise.all(calls);
  await replayed[Symbol.asyncDispose]();
  await plain[Symbol.asyncDispose]();
});

gpuTest("concurrent calls may record and replay", async (gpu) => {
  const [replayed, plain] = await loadBoth(gpu, layersNetwork("float32"));
  const expected = await runOn(gpu, plain, imageOf(1));
  const calls = Array.from({ length: 6 }, () => runOn(gpu, replayed, imageOf(1)));
  for (const result of await Promise.all(calls)) assert.deepEqual(result, expected);
  assert.equal(replayed.mode, "replay");
  await replayed[Symbol.asyncDispose]();
  await plain[Symbol.asyncDispose]();
});

gpuTest("replayed sessions share buffers and free them", async (gpu) => {
  const { arena } = OrtDevice.of(gpu.device);
  const sessions = new OrtSessions({ runtime: "webgpu", gpu });
  const first = await sessions.load(layersNetwork("float32"));
  await record(gpu, first);
  const size = arena.byteLength;
  assert(size > 0);
  const second = await sessions.load(layersNetwork("float32", 4));
  await record(gpu, second);
  assert.equal(arena.byteLength, size);
  const expected = await runOn(gpu, second, imageOf(1));
  await first[Symbol.asyncDispose]();
  assert.equal(arena.byteLength, size);
  assert.deepEqual(await runOn(gpu, second, imageOf(1)), expected);
  await second[Symbol.asyncDispose]();
  assert.equal(arena.byteLength, 0);
});

/** Returns both halves of a network with a saved mask. */
function gradientGraphs() {
  const g = new GraphBuilder("layers");
  const x = g.input("image", [1, 2, 5, 4]);
  const first = g.relu(g.conv(x, g.constant(scatter(54), [3, 2, 3, 3]), undefined, { pads: 1 }));
  const latents = g.conv(first, g.constant(scatter(27), [1, 3, 3, 3]));
  const gradLatents = g.input("grad_latents", latents.shape);
  g.output("latents", latents);
  g.output("grad_image", addBackward(g, { output: latents, gradOutput: gradLatents, input: x }));
  return splitGradient(g.build(), ["grad_image"]);
}

gpuTest("runs that share a replayed network keep their saved tensors", async (gpu) => {
  const graphs = gradientGraphs();
  const images = [3, 4].map((seed) =>
    GpuTensor.from(gpu, new Float32Array(scatter(40, seed)), [1, 2, 5, 4], "image")
  );
  using gradLatents = GpuTensor.from(gpu, new Float32Array(scatter(6, 4)), [1, 1, 3, 2], "grad");
  const results = new Map<boolean, Float32Array[]>();
  for (const replays of [false, true]) {
    const sessions = new OrtSessions({ runtime: "webgpu", gpu, replays });
    const shared = await Promise.all([graphs.forward, graphs.backward].map(async (graph) => {
      const session = await sessions.load(graph);
      assert.equal(session instanceof ReplayedSession, replays);
      return { graph, session };
    }));
    // Like a pool: both runs get the same network, and do not dispose of it.
    const loader = {
      runtime: "webgpu" as const,
      gpu,
      load: (graph: Graph) => {
        const { session } = shared.find((one) => one.graph.name === graph.name)!;
        const [run, runHost] = [session.run.bind(session), session.runHost.bind(session)];
        return Promise.resolve(
          { ...session, run, runHost, [Symbol.asyncDispose]: () => Promise.resolve() } as Session,
        );
      },
    };
    await using first = await GradientSession.load(loader, graphs);
    await using second = await GradientSession.load(loader, graphs);
    const read: Float32Array[] = [];
    for (let round = 0; round < 5; round++) {
      for (const [i, run] of [first, second].entries()) {
        using latents = (await run.forward({ image: images[i]! }))["latents"]!;
        read.push(await latents.read());
      }
      for (const run of [first, second]) {
        using grad = (await run.backward({ grad_latents: gradLatents }))["grad_image"]!;
        read.push(await grad.read());
      }
    }
    results.set(replays, read);
    if (replays) {
      // The networks go first: their saved tensors may outlive them.
      using kept = (await first.forward({ image: images[0]! }))["latents"]!;
      assert.deepEqual(await kept.read(), read[0]);
    }
    for (const { session } of shared) await session[Symbol.asyncDispose]();
  }
  for (const image of images) image[Symbol.dispose]();
  assert.notDeepEqual(results.get(true)![2], results.get(true)![3]);
  assert.deepEqual(results.get(true), results.get(false));
});

gpuTest("inputs of 64-bit integers are left to the plain way", async (gpu) => {
  const g = new GraphBuilder("lookup");
  g.output("y", g.gather(g.constant([1, 2, 3], [3]), g.input("ids", [3], "int64"), 0));
  await using session = await new OrtSessions({ runtime: "webgpu", gpu }).load(g.build());
  assert(session instanceof OrtSession);
});

gpuTest("a network with a node on the CPU runs the plain way for good", async (gpu) => {
  const g = new GraphBuilder("signs");
  // onnxruntime has no WebGPU kernel for Sign.
  g.output("y", g.node("Sign", { inputs: [g.mul(g.input("x", [4]), 2)] }, "float32", [4]));
  await using session = await new OrtSessions({ runtime: "webgpu", gpu }).load(g.build());
  assert(session instanceof ReplayedSession);
  for (let i = 0; i < 6; i++) {
    using x = GpuTensor.from(gpu, Float32Array.of(-2, 0, i, -1), [4], "x");
    using y: GpuTensor = (await session.run({ x })).outputs["y"]!;
    assert.deepEqual([...await y.read()], [-1, 0, Math.sign(i), -1]);
  }
  assert.equal(session.mode, "plain");
  assert.match(session.refusal!, /it (reads values back|uploads values)/);
});

Deno.test("ReplayedSession.fits() leaves large networks to the plain way", () => {
  const graph = layersNetwork("float32");
  assert.equal(ReplayedSession.fits(graph, 2 ** 27), true);
  assert.equal(ReplayedSession.fits(graph, 2 ** 27 + 1), false);
});

gpuTest(
  "ReplayedSession refuses feeds of other shapes, and runs after its disposal",
  async (gpu) => {
    const session = await new OrtSessions({ runtime: "webgpu", gpu }).load(
      layersNetwork("float32"),
    );
    using image = GpuTensor.zeros(gpu, [1, 3, 6, 4], "image");
    await assert.rejects(session.run({ image }), {
      name: "SessionError",
      message: /expected input "image" to be .*\[2, 3, 6, 4\], got float32 \[1, 3, 6, 4\]/,
    });
    await session[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
    using right = GpuTensor.zeros(gpu, SHAPE, "image");
    await assert.rejects(session.run({ image: right }), SessionError);
  },
);

Deno.test("ReplayedSession reports a lost device", async () => {
  using gpu = await Gpu.request();
  await using session = await new OrtSessions({ runtime: "webgpu", gpu }).load(
    layersNetwork("float32"),
  );
  using image = GpuTensor.zeros(gpu, SHAPE, "image");
  gpu.device.destroy();
  await gpu.device.lost;
  await assert.rejects(session.run({ image }), DeviceLostError);
});
