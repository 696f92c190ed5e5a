import assert from "node:assert/strict";
import { Readback } from "../../../kernels/gpu/readback.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { overrideMembers } from "../../../lib/patches/override_members.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const ramp = (size: number, first: number) =>
  Float32Array.from({ length: size }, (_, i) => first + i);

async function floatsOf(readback: Readback, { buffer, size }: GpuTensor): Promise<number[]> {
  return [...new Float32Array(await readback.read(buffer)).subarray(0, size)];
}

gpuTest(
  "Readback.read() returns the values of the work before it, again and again",
  async (gpu) => {
    using readback = new Readback(gpu.device);
    for (const size of [1, 3, 256, 257, 5000]) {
      using x = GpuTensor.zeros(gpu, [size], "x");
      for (let run = 0; run < 3; run++) {
        const values = ramp(size, run);
        x.write(values);
        assert.deepEqual(await floatsOf(readback, x), [...values]);
      }
    }
  },
);

gpuTest("Readback.read() may be called again before it is done", async (gpu) => {
  using readback = new Readback(gpu.device);
  using x = GpuTensor.from(gpu, ramp(10, 0), [10], "x");
  using y = GpuTensor.from(gpu, ramp(12, 100), [12], "y");
  for (let run = 0; run < 3; run++) {
    const read = await Promise.all([x, y, x, y].map((tensor) => floatsOf(readback, tensor)));
    assert.deepEqual(read, [x, y, x, y].map(({ size }, i) => [...ramp(size, i % 2 * 100)]));
  }
});

gpuTest("Readback.read() lets timers run, however often it is called", async (gpu) => {
  using readback = new Readback(gpu.device);
  using x = GpuTensor.from(gpu, ramp(4, 0), [4], "x");
  let isElapsed = false;
  const timer = setTimeout(() => isElapsed = true, 50);
  const until = performance.now() + 5_000;
  while (!isElapsed && performance.now() < until) await readback.read(x.buffer);
  clearTimeout(timer);
  assert(isElapsed, "the timer did not run");
});

/** Returns a device whose buffers are mapped later than `mapAsync` returns, as WebGPU allows. */
function mappingLater(device: GPUDevice): GPUDevice {
  const known = new WeakMap<GPUBuffer, GPUBuffer>();
  return overrideMembers<GPUDevice>(device, {
    createBuffer: (descriptor) => {
      const buffer = device.createBuffer(descriptor);
      let isMapped = false;
      const later = overrideMembers<GPUBuffer>(buffer, {
        mapAsync: async (...range) => {
          await buffer.mapAsync(...range);
          isMapped = true;
        },
        getMappedRange: (...range) => {
          if (!isMapped) throw new DOMException("The buffer is not mapped", "OperationError");
          return buffer.getMappedRange(...range);
        },
        unmap: () => {
          isMapped = false;
          buffer.unmap();
        },
      });
      known.set(later, buffer);
      return later;
    },
    createCommandEncoder: (descriptor) => {
      const encoder = device.createCommandEncoder(descriptor);
      return overrideMembers<GPUCommandEncoder>(encoder, {
        copyBufferToBuffer: (from: GPUBuffer, start: number, to: GPUBuffer, at, size) =>
          encoder.copyBufferToBuffer(from, start, known.get(to)!, at, size),
      } as Partial<GPUCommandEncoder>);
    },
  });
}

gpuTest("Readback.read() waits where a buffer is mapped later", async (gpu) => {
  using readback = new Readback(mappingLater(gpu.device));
  using x = GpuTensor.zeros(gpu, [300], "x");
  for (let run = 0; run < 3; run++) {
    const values = ramp(300, run);
    x.write(values);
    assert.deepEqual(await floatsOf(readback, x), [...values]);
  }
});
