import assert from "node:assert/strict";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { encodeNormal } from "../../kernels/random/philox.ts";
import { gpuTest } from "../support/gpu_test.ts";
import { GpuClock } from "./gpu_clock.ts";

// Before any device is asked for.
const clock = new GpuClock();

gpuTest(
  "GpuClock tells what each shader took while it is on, and changes no result",
  async (gpu) => {
    using out = GpuTensor.zeros(gpu, [256], "numbers");
    const draw = () =>
      gpu.submit((pass) => encodeNormal(pass, { out }, { seed: 1, stream: 2, step: 3 }));
    draw();
    const expected = await out.read();
    assert.deepEqual(await clock.read(gpu.device), []);
    clock.isOn = true;
    for (let i = 0; i < 3; i++) draw();
    clock.isOn = false;
    assert.deepEqual(await out.read(), expected);
    const times = await clock.read(gpu.device);
    assert.deepEqual(times.map(({ runs }) => runs), [3]);
    assert.ok(times[0]!.milliseconds > 0 && times[0]!.milliseconds < 10_000);
    assert.match(times[0]!.name, /^[a-z]/);
    assert.deepEqual(await clock.read(gpu.device), []);
  },
);

gpuTest("GpuClock names pipelines that are made asynchronously", async ({ device }) => {
  const code = "@compute @workgroup_size(1) fn main() {}";
  const module = device.createShaderModule({ label: "MatMul", code });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  clock.isOn = true;
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.dispatchWorkgroups(1);
  pass.end();
  device.queue.submit([encoder.finish()]);
  clock.isOn = false;
  assert.deepEqual((await clock.read(device)).map(({ name }) => name), ["MatMul"]);
});
