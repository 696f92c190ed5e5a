import assert from "node:assert/strict";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { GraphBuilder } from "../../../lib/onnx/graph/graph_builder.ts";
import { OrtDevice } from "../../../lib/patches/ort_device.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { scatter } from "../onnx/run_graph.ts";

const UPLOAD = { size: 64, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true };

/** Whether a buffer is filled by writeBuffer: only then it has its own method to map. */
function isRedirected(device: GPUDevice): boolean {
  const buffer = device.createBuffer(UPLOAD);
  const isOwn = Object.hasOwn(buffer, "getMappedRange");
  buffer.unmap();
  buffer.destroy();
  return isOwn;
}

gpuTest("OrtDevice redirects uploads until the last user is disposed of", ({ device }) => {
  const ort = OrtDevice.of(device);
  assert.equal(isRedirected(ort.device), false);
  const [first, second] = [ort.uploadViaWriteBuffer(), ort.uploadViaWriteBuffer()];
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.deepEqual([isRedirected(ort.device), isRedirected(device)], [true, false]);
  second[Symbol.dispose]();
  assert.equal(isRedirected(ort.device), false);
  return Promise.resolve();
});

gpuTest("OrtDevice is one object for a device, with the properties of the device", ({ device }) => {
  const ort = OrtDevice.of(device);
  assert.equal(OrtDevice.of(device), ort);
  assert(ort.device instanceof GPUDevice);
  assert.equal(ort.device.queue, ort.device.queue);
  assert(ort.device.queue instanceof GPUQueue);
  assert.equal(ort.device.limits.maxBufferSize, device.limits.maxBufferSize);
  assert.equal(ort.device.createBindGroup, ort.device.createBindGroup);
  // Like a listener: what onnxruntime sets is set on the device.
  Reflect.set(ort.device, "onuncapturederror", assert);
  assert.equal(Reflect.get(device, "onuncapturederror"), assert);
  Reflect.set(device, "onuncapturederror", null);
  return Promise.resolve();
});

gpuTest("a network leaves the device of the caller as it is", async (gpu) => {
  const { device } = gpu;
  const keys = Reflect.ownKeys(device);
  const { createBuffer, createShaderModule, queue } = device;
  const { submit, writeBuffer } = queue;
  const check = () => {
    assert.deepEqual(Reflect.ownKeys(device), keys);
    assert.equal(device.createBuffer, createBuffer);
    assert.equal(device.createShaderModule, createShaderModule);
    assert.equal(device.queue, queue);
    assert.deepEqual([queue.submit, queue.writeBuffer], [submit, writeBuffer]);
    assert.equal(isRedirected(device), false);
  };
  const g = new GraphBuilder("graph");
  const weight = g.constant(scatter(64 * 64), [64, 64]);
  g.output("y", g.matMul(g.input("x", [64, 64]), weight));
  // The caller may use the device while a network is loaded.
  const loading = new OrtSessions({ runtime: "webgpu", gpu }).load(g.build());
  const timer = setInterval(check, 1);
  await using session = await loading;
  clearInterval(timer);
  check();
  using x = GpuTensor.from(gpu, new Float32Array(scatter(64 * 64)), [64, 64], "x");
  using y = (await session.run({ x })).outputs["y"]!;
  await y.read();
  check();
});
