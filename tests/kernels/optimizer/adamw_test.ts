import assert from "node:assert/strict";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { adamw, type AdamwOptions, encodeAdamw } from "../../../kernels/optimizer/adamw.ts";
import { encodeClipGradNorm } from "../../../kernels/optimizer/clip_grad_norm.ts";
import { encodeGradNorm } from "../../../kernels/optimizer/grad_norm.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";

interface State {
  param: number;
  moment1: number;
  moment2: number;
}

/** Algorithm 2 of https://arxiv.org/abs/1711.05101, with learning rate times weight decay. */
function oracle({ param, moment1, moment2 }: State, grad: number, options: AdamwOptions): State {
  const { step, learningRate, beta1, beta2, weightDecay, epsilon } = options;
  const m = beta1 * moment1 + (1 - beta1) * grad;
  const v = beta2 * moment2 + (1 - beta2) * grad ** 2;
  const mHat = m / (1 - beta1 ** step);
  const vHat = v / (1 - beta2 ** step);
  const update = mHat / (Math.sqrt(vHat) + epsilon) + weightDecay * param;
  return { param: param - learningRate * update, moment1: m, moment2: v };
}

Deno.test("adamw lists the fields of its WGSL", () => assertKernelStruct(adamw));

gpuTest("encodeAdamw() equals the oracle over ten steps", async (gpu) => {
  const size = 77;
  const start = Float32Array.from({ length: size }, (_, i) => Math.sin(i * i + 5));
  const states: State[] = Array.from(start, (param) => ({ param, moment1: 0, moment2: 0 }));
  using param = GpuTensor.from(gpu, start, [size], "param");
  using moment1 = GpuTensor.zeros(gpu, [size], "moment1");
  using moment2 = GpuTensor.zeros(gpu, [size], "moment2");
  for (let step = 1; step <= 10; step++) {
    // Some gradients are 0, some tiny.
    const gradients = Float32Array.from(
      { length: size },
      (_, i) => i % 5 === 0 ? 0 : Math.sin(i * step + i) * 10 ** -(i % 4),
    );
    const options = {
      step,
      learningRate: 0.1 / step,
      beta1: 0.9,
      beta2: 0.999,
      weightDecay: 0.3,
      epsilon: 1e-8,
    };
    using grad = GpuTensor.from(gpu, gradients, [size], "grad");
    gpu.submit((pass) => encodeAdamw(pass, { grad, param, moment1, moment2 }, options));
    for (const [i, state] of states.entries()) states[i] = oracle(state, gradients[i]!, options);
  }
  assertAllClose(await param.read(), states.map((state) => state.param));
  assertAllClose(await moment1.read(), states.map((state) => state.moment1));
  assertAllClose(await moment2.read(), states.map((state) => state.moment2));
});

gpuTest("encodeAdamw() with encodeClipGradNorm() equals torch over five steps", async (gpu) => {
  const golden = readGolden("adamw");
  const [beta1, beta2] = golden.metadata.betas as [number, number];
  const { data, shape } = golden.tensor("param0");
  using param = GpuTensor.from(gpu, data, shape, "param");
  using moment1 = GpuTensor.zeros(gpu, shape, "moment1");
  using moment2 = GpuTensor.zeros(gpu, shape, "moment2");
  using norm = GpuTensor.zeros(gpu, [1], "norm");
  for (let k = 0; k < 5; k++) {
    using grad = GpuTensor.from(gpu, golden.tensor(`grad${k}`).data, shape, "grad");
    gpu.submit((pass) => {
      encodeGradNorm(pass, { grad, norm });
      encodeClipGradNorm(pass, { grad, norm }, {
        maxNorm: golden.metadata.max_grad_norm as number,
      });
      encodeAdamw(pass, { grad, param, moment1, moment2 }, {
        step: k + 1,
        learningRate: golden.metadata.lr as number,
        beta1,
        beta2,
        weightDecay: golden.metadata.weight_decay as number,
        epsilon: golden.metadata.eps as number,
      });
    });
    assertAllClose(await norm.read(), golden.tensor(`norm${k}`).data);
    assertAllClose(await param.read(), golden.tensor(`param${k + 1}`).data);
  }
});

gpuTest("encodeAdamw() names what does not fit", (gpu) => {
  using grad = GpuTensor.zeros(gpu, [3], "grad");
  using param = GpuTensor.zeros(gpu, [4], "param");
  using moment1 = GpuTensor.zeros(gpu, [4], "moment1");
  using moment2 = GpuTensor.zeros(gpu, [4], "moment2");
  const tensors = { grad, param, moment1, moment2 };
  const options = { learningRate: 1, beta1: 0, beta2: 0, weightDecay: 0, epsilon: 1 };
  assert.throws(
    () => gpu.submit((pass) => encodeAdamw(pass, tensors, { ...options, step: 0 })),
    /Cannot encode AdamW: step must be an integer >= 1, got 0/,
  );
  assert.throws(
    () => gpu.submit((pass) => encodeAdamw(pass, tensors, { ...options, step: 1 })),
    /Cannot encode AdamW: expected "grad" of 4 values, got \[3\]/,
  );
});
