import assert from "node:assert/strict";
import { Gpu } from "../../kernels/gpu/gpu.ts";

/**
 * Registers a test with a GPU.
 *
 * It fails if there is no adapter, if WebGPU reports a validation error, or if a tensor is left.
 */
export function gpuTest(name: string, body: (gpu: Gpu) => Promise<void> | void): void {
  Deno.test(name, async () => {
    using gpu = await Gpu.request();
    gpu.device.pushErrorScope("validation");
    try {
      await body(gpu);
    } finally {
      const error = await gpu.device.popErrorScope();
      assert.equal(error?.message, undefined, "WebGPU reported a validation error");
    }
    assert.deepEqual(
      [...gpu.resources].map(({ label }) => label),
      [],
      "tensors were not disposed of",
    );
  });
}
