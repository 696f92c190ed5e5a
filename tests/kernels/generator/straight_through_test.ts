import assert from "node:assert/strict";
import { argmax, encodeArgmax } from "../../../kernels/generator/argmax.ts";
import {
  encodeStraightThrough,
  straightThrough,
} from "../../../kernels/generator/straight_through.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { gpuTest } from "../../support/gpu_test.ts";

// The first of equals, the last place, negative ones, all equal.
const VALUES = Float32Array.of(1, 5, 5, 0, 0, 2, -3, -1, -2, -5, -5, -5, 0, 0, 0, 7, 1, 7);

Deno.test("straightThrough and argmax list the fields of their WGSL", () => {
  assertKernelStruct(straightThrough);
  assertKernelStruct(argmax);
});

gpuTest(
  "encodeArgmax() and encodeStraightThrough() take the first maximum",
  async (gpu) => {
    using logits = GpuTensor.from(gpu, VALUES, [2, 3, 3], "logits");
    using indices = GpuTensor.zeros(gpu, [2, 3], "indices", "u32");
    using hard = GpuTensor.zeros(gpu, [2, 3, 3], "hard");
    gpu.submit((pass) => {
      encodeArgmax(pass, { logits, indices });
      encodeStraightThrough(pass, { probs: logits, hard });
    });
    const expected = [1, 2, 1, 0, 0, 0];
    assert.deepEqual([...await indices.readU32()], expected);
    assert.deepEqual(
      [...await hard.read()],
      expected.flatMap((best) => [0, 1, 2].map((k) => k === best ? 1 : 0)),
    );
  },
);

gpuTest("encodeArgmax() names what does not fit", (gpu) => {
  using logits = GpuTensor.from(gpu, VALUES, [2, 3, 3], "logits");
  using floats = GpuTensor.zeros(gpu, [2, 3], "floats");
  using few = GpuTensor.zeros(gpu, [5], "few", "u32");
  assert.throws(
    () => gpu.submit((pass) => encodeArgmax(pass, { logits, indices: floats })),
    /Cannot encode argmax: expected "floats" of type u32, got f32/,
  );
  assert.throws(
    () => gpu.submit((pass) => encodeArgmax(pass, { logits, indices: few })),
    /Cannot encode argmax: expected "few" of 6 values, got \[5\]/,
  );
});
