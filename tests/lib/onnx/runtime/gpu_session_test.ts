import assert from "node:assert/strict";
import { GpuTensor } from "../../../../kernels/gpu/tensor.ts";
import { addBackward } from "../../../../lib/onnx/autodiff/backward.ts";
import { chooseRuntime } from "../../../../lib/onnx/runtime/choose_runtime.ts";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { GradientSession } from "../../../../lib/onnx/runtime/gradient_session.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { splitGradient } from "../../../../lib/onnx/rewrite/split_gradient.ts";
import { RandomWeights } from "../../../../lib/weights/random_weights.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph, scatter } from "../run_graph.ts";
import { layersNetwork } from "./layers_network.ts";
import { OrtSessions } from "../../../../lib/onnx/runtime/ort_sessions.ts";

const image = { data: scatter(144), shape: [2, 3, 6, 4] };

async function relativeError(actual: GpuTensor, expected: ArrayLike<number>): Promise<number> {
  const values = await actual.read();
  assert.equal(values.length, expected.length);
  let [error, norm] = [0, 0];
  for (const [i, value] of values.entries()) {
    error += (value - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(error / norm);
}

// The float16 tolerance is a few roundings of 2^-11.
for (const [precision, tolerance] of [["float32", 1e-5], ["float16", 5e-3]] as const) {
  gpuTest(`Session.run() on WebGPU agrees with wasm in ${precision}`, async (gpu) => {
    const { noise_pred: expected } = await runGraph(layersNetwork("float32"), { image });
    using feed = GpuTensor.from(gpu, image.data, image.shape, "image");
    await using session = await new OrtSessions({ runtime: "webgpu", gpu }).load(
      layersNetwork(precision),
    );
    for (let i = 0; i < 2; i++) {
      using output = (await session.run({ image: feed })).outputs["noise_pred"]!;
      assert.deepEqual(output.shape, [2, 3, 6, 4]);
      const error = await relativeError(output, expected!.data as Float32Array);
      assert.ok(error < tolerance, `relative error ${error}`);
    }
  });
}

gpuTest("Session.run() takes and gives GPU tensors with the wasm runtime", async (gpu) => {
  const { noise_pred: expected } = await runGraph(layersNetwork("float32"), { image });
  using feed = GpuTensor.from(gpu, image.data, image.shape, "image");
  await using session = await new OrtSessions({ runtime: "wasm", gpu }).load(
    layersNetwork("float32"),
  );
  using output = (await session.run({ image: feed })).outputs["noise_pred"]!;
  assert.deepEqual(await output.read(), expected!.data);
});

/** Returns a graph that looks up rows by 64-bit integers and scales them by a single value. */
function lookup(): Graph {
  const g = new GraphBuilder("lookup");
  const ids = g.input("input_ids", [1, 3], "int64");
  const rows = g.gather(g.constant([0, 1, 2, 3, 4, 5], [3, 2]), ids, 0);
  g.output("rows", g.mul(rows, g.input("scale", [1])));
  return g.build();
}

for (const runtime of ["webgpu", "wasm"] as const) {
  gpuTest(`Session.run() takes host tensors beside GPU tensors: ${runtime}`, async (gpu) => {
    await using session = await new OrtSessions({ runtime, gpu }).load(lookup());
    const ids = { data: BigInt64Array.of(2n, 0n, 1n), shape: [1, 3] };
    using scale = GpuTensor.from(gpu, Float32Array.of(10), [1], "scale");
    using rows = (await session.run({ input_ids: ids, scale })).outputs["rows"]!;
    assert.deepEqual([...await rows.read()], [40, 50, 0, 10, 20, 30]);
    assert.deepEqual(rows.shape, [1, 3, 2]);
  });

  gpuTest(`Session.run() takes and gives tensors of integers: ${runtime}`, async (gpu) => {
    const g = new GraphBuilder("integers");
    g.output("y", g.add(g.input("x", [5], "int32"), g.constant(Int32Array.of(-3))));
    await using session = await new OrtSessions({ runtime, gpu }).load(g.build());
    using x = GpuTensor.from(gpu, Int32Array.of(1, 2, 3, 4, 5), [5], "x");
    using y = (await session.run({ x })).outputs["y"]!;
    assert.equal(y.dtype, "i32");
    assert.deepEqual([...new Int32Array((await y.readU32()).buffer)], [-2, -1, 0, 1, 2]);
  });

  gpuTest(`GradientSession saves masks between its halves: ${runtime}`, async (gpu) => {
    const g = new GraphBuilder("layers");
    const x = g.input("image", [1, 2, 5, 4]);
    const first = g.relu(g.conv(x, g.constant(scatter(54), [3, 2, 3, 3]), undefined, { pads: 1 }));
    const latents = g.conv(first, g.constant(scatter(27), [1, 3, 3, 3]));
    const gradLatents = g.input("grad_latents", latents.shape);
    g.output("latents", latents);
    g.output("grad_image", addBackward(g, { output: latents, gradOutput: gradLatents, input: x }));
    const whole = g.build();
    const data = { image: scatter(40, 3), grad_latents: scatter(6, 4) };
    const expected = await runGraph(whole, {
      image: { data: data.image, shape: x.shape },
      grad_latents: { data: data.grad_latents, shape: latents.shape },
    });
    const graphs = splitGradient(whole, ["grad_image"]);
    await using session = await GradientSession.load(new OrtSessions({ runtime, gpu }), graphs);
    using imageTensor = GpuTensor.from(gpu, data.image, x.shape, "image");
    using gradTensor = GpuTensor.from(gpu, data.grad_latents, latents.shape, "grad_latents");
    for (let i = 0; i < 2; i++) {
      using result = (await session.forward({ image: imageTensor }))["latents"]!;
      using grad = (await session.backward({ grad_latents: gradTensor }))["grad_image"]!;
      assert.ok(await relativeError(result, expected["latents"]!.data as Float32Array) < 1e-5);
      assert.ok(await relativeError(grad, expected["grad_image"]!.data as Float32Array) < 1e-5);
    }
  });
}

gpuTest("long sums of float16 convolutions lose little precision", async (gpu) => {
  const channels = 512;
  const shape = [1, channels, 4, 4];
  const weights = new RandomWeights({ seed: 1 });
  const graph = (precision: "float32" | "float16") => {
    const g = new GraphBuilder("convolution", { precision });
    const weightShape = [16, channels, 3, 3];
    const weight = g.weight(weights.get("weight", weightShape), weightShape);
    g.output("y", g.conv(g.input("image", shape), weight, undefined, { pads: 1 }));
    return g.build();
  };
  // Numbers that a float16 holds: only sums and the result are rounded.
  const data = Float32Array.from(new Float16Array(scatter(channels * 16, 3)));
  const { y: expected } = await runGraph(graph("float32"), { image: { data, shape } });
  using feed = GpuTensor.from(gpu, data, shape, "image");
  await using session = await new OrtSessions({ runtime: "webgpu", gpu }).load(graph("float16"));
  using y = (await session.run({ image: feed })).outputs["y"]!;
  const error = await relativeError(y, expected!.data as Float32Array);
  // The result is rounded, and sums of 16 products are; with a float16 for the whole sum it is
  // 1e-2.
  assert.ok(error < 1e-3, `relative error ${error}`);
});

Deno.test("chooseRuntime() takes WebGPU only on hardware", () => {
  assert.equal(chooseRuntime({ isSoftware: true }, "auto"), "wasm");
  assert.equal(chooseRuntime({ isSoftware: false }, "auto"), "webgpu");
  assert.equal(chooseRuntime({ isSoftware: true }, "native"), "native");
});
