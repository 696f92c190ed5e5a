import assert from "node:assert/strict";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { CommandReplay } from "../../../lib/patches/command_replay.ts";
import { OrtDevice } from "../../../lib/patches/ort_device.ts";
import { isSameWork, type RecordedCommand } from "../../../lib/patches/recorded_commands.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ, INDIRECT } = GPUBufferUsage;
const SIZE = 64;
const COUNT = SIZE / 4;

/** output = output + uniform * input. */
const ADD_SCALED = `
@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<uniform> factor: vec4<f32>;
@compute @workgroup_size(${COUNT})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  output[id.x] += factor.x * input[id.x];
}`;

/** What onnxruntime would do: it uses only the device that it is given. */
class Work {
  readonly device: GPUDevice;
  readonly pipeline: GPUComputePipeline;
  readonly #buffers: GPUBuffer[] = [];

  constructor(device: GPUDevice) {
    this.device = device;
    const module = device.createShaderModule({ code: ADD_SCALED });
    this.pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
  }

  buffer(usage = STORAGE | COPY_SRC | COPY_DST): GPUBuffer {
    const buffer = this.device.createBuffer({ size: SIZE, usage });
    this.#buffers.push(buffer);
    return buffer;
  }

  /** Sends output += factor * input. */
  add(
    input: GPUBuffer,
    output: GPUBuffer,
    factor: number,
    before?: (e: GPUCommandEncoder) => void,
  ) {
    const { device } = this;
    const uniform = this.buffer(UNIFORM | COPY_DST);
    device.queue.writeBuffer(uniform, 0, new Uint8Array(Float32Array.of(factor).buffer));
    const group = device.createBindGroup({
      layout: this.pipeline.getBindGroupLayout(0),
      entries: [input, output, uniform].map((buffer, binding) => ({
        binding,
        resource: { buffer },
      })),
    });
    const encoder = device.createCommandEncoder();
    before?.(encoder);
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(1);
    pass.end();
    device.queue.submit([encoder.finish()]);
  }

  /** output = 3 * input + weight, over two inner buffers that are cleared, and a copy. */
  chain(input: GPUBuffer, weight: GPUBuffer, output: GPUBuffer, factor = 3): void {
    const [first, second] = [this.buffer(), this.buffer()];
    this.add(input, first, factor, (encoder) => encoder.clearBuffer(first, 0, SIZE));
    this.add(weight, second, 1, (encoder) => {
      encoder.clearBuffer(second, 0, SIZE);
      encoder.copyBufferToBuffer(first, 0, output, 0, SIZE);
    });
    this.add(second, output, 1);
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#buffers) buffer.destroy();
  }
}

interface Tensors {
  readonly input: GpuTensor;
  readonly weight: GpuTensor;
  readonly output: GpuTensor;
}

function createTensors(gpu: Gpu, owned: DisposableStack): Tensors {
  const create = (name: string) => owned.use(GpuTensor.zeros(gpu, [COUNT], name));
  const tensors = { input: create("input"), weight: create("weight"), output: create("output") };
  tensors.weight.write(new Float32Array(COUNT).fill(0.5));
  return tensors;
}

/** Records work; fails if it is refused. */
function record(ort: OrtDevice, work: () => void): readonly RecordedCommand[] {
  ort.recorder.start();
  work();
  const { commands, refusal } = ort.recorder.stop();
  assert.equal(refusal, undefined);
  return commands!;
}

gpuTest("CommandReplay repeats commands on other inner buffers", async (gpu) => {
  const ort = OrtDevice.of(gpu.device);
  using work = new Work(ort.device);
  using owned = new DisposableStack();
  const { input, weight, output } = createTensors(gpu, owned);
  const recorded = record(ort, () => work.chain(input.buffer, weight.buffer, output.buffer));
  const parts = {
    device: gpu.device,
    arena: ort.arena,
    fixed: new Set([input.buffer, output.buffer]),
  };
  using replay = CommandReplay.create(recorded, parts)!;
  // The recorded inner buffers are gone, as if another network had taken them.
  work[Symbol.dispose]();
  assert.equal(ort.arena.byteLength, 2 * SIZE);
  for (const value of [1, 2, -7]) {
    input.write(new Float32Array(COUNT).fill(value));
    output.write(new Float32Array(COUNT).fill(NaN));
    const encoder = gpu.device.createCommandEncoder();
    replay.encode(encoder);
    gpu.device.queue.submit([encoder.finish()]);
    assert.deepEqual(await output.read(), new Float32Array(COUNT).fill(3 * value + 0.5));
  }
});

gpuTest("CommandReplay gathers clearings", (gpu) => {
  const ort = OrtDevice.of(gpu.device);
  using work = new Work(ort.device);
  using owned = new DisposableStack();
  const { input, weight, output } = createTensors(gpu, owned);
  const recorded = record(ort, () => {
    for (let i = 0; i < 3; i++) work.add(input.buffer, output.buffer, i);
    work.chain(input.buffer, weight.buffer, output.buffer);
  });
  using replay = CommandReplay.create(recorded, {
    device: gpu.device,
    arena: ort.arena,
    fixed: new Set([input.buffer, output.buffer]),
  })!;
  const calls: string[] = [];
  const pass = { setPipeline() {}, setBindGroup() {}, end() {}, dispatchWorkgroups() {} };
  replay.encode({
    beginComputePass: () => (calls.push("shaders"), pass),
    clearBuffer: () => calls.push("clear"),
    copyBufferToBuffer: () => calls.push("copy"),
  } as unknown as GPUCommandEncoder);
  assert.deepEqual(calls, ["shaders", "clear", "clear", "shaders", "copy", "shaders"]);
});

gpuTest("commands that need values of earlier runs are not replayed", (gpu) => {
  const ort = OrtDevice.of(gpu.device);
  using work = new Work(ort.device);
  using owned = new DisposableStack();
  const { input, weight, output } = createTensors(gpu, owned);
  const recorded = record(ort, () => {
    work.add(weight.buffer, output.buffer, 1);
    work.add(input.buffer, weight.buffer, 1);
  });
  const parts = { device: gpu.device, arena: ort.arena, fixed: new Set([input.buffer]) };
  assert.equal(CommandReplay.create(recorded, parts), undefined);
  assert.equal(ort.arena.byteLength, 0);
});

gpuTest("isSameWork() compares uniforms and the flow of values", (gpu) => {
  const ort = OrtDevice.of(gpu.device);
  using work = new Work(ort.device);
  using owned = new DisposableStack();
  const { input, weight, output } = createTensors(gpu, owned);
  const [x, w, y] = [input.buffer, weight.buffer, output.buffer];
  const first = record(ort, () => work.chain(x, w, y));
  assert.equal(isSameWork(first, record(ort, () => work.chain(x, w, y))), true);
  assert.equal(isSameWork(first, record(ort, () => work.chain(x, w, y, 4))), false);
  assert.equal(isSameWork(first, record(ort, () => work.chain(w, x, y))), false);
  const swapped = record(ort, () => work.chain(w, w, y));
  assert.equal(isSameWork(first, swapped), false);
  assert.equal(isSameWork(first, first.slice(1)), false);
});

gpuTest("CommandRecorder refuses what a replay would miss", (gpu) => {
  const ort = OrtDevice.of(gpu.device);
  using work = new Work(ort.device);
  using owned = new DisposableStack();
  const { input, output } = createTensors(gpu, owned);
  const [x, y] = [input.buffer, output.buffer];
  const old = ort.device.createCommandEncoder();
  const indirect = work.buffer(INDIRECT | STORAGE);
  const refusals: Record<string, () => void> = {
    "it reads values back": () => void work.buffer(MAP_READ | COPY_DST),
    "it uploads values": () => ort.device.queue.writeBuffer(x, 0, new Uint8Array(SIZE)),
    "it sends commands from before": () => ort.device.queue.submit([old.finish()]),
    "it reads a buffer that nothing wrote": () => work.add(work.buffer(), y, 1),
    "the GPU decides the size of its work": () => {
      const encoder = ort.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      try {
        pass.setPipeline(work.pipeline);
        pass.dispatchWorkgroupsIndirect(indirect, 0);
      } finally {
        pass.end();
      }
    },
  };
  for (const [refusal, cause] of Object.entries(refusals)) {
    ort.recorder.start();
    work.add(x, y, 1);
    cause();
    assert.deepEqual(ort.recorder.stop(), { refusal });
  }
});
