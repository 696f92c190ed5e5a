import assert from "node:assert/strict";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { encodeGradNorm } from "../../../kernels/optimizer/grad_norm.ts";
import { AdamW, type AdamWOptions } from "../../../lib/optimizer/adamw.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const golden = readGolden("adamw");
const [BETA1, BETA2] = golden.metadata["betas"] as [number, number];
const OPTIONS: AdamWOptions = {
  adamBeta1: BETA1,
  adamBeta2: BETA2,
  adamWeightDecay: golden.metadata["weight_decay"] as number,
  adamEpsilon: golden.metadata["eps"] as number,
  clipGrad: true,
  maxGradNorm: golden.metadata["max_grad_norm"] as number,
};
const learningRate = golden.metadata["lr"] as number;
const SHAPE = golden.tensor("param0").shape;
const STEPS = 5;

gpuTest("AdamW equals torch's over five steps of large and small gradients", async (gpu) => {
  using param = GpuTensor.from(gpu, golden.tensor("param0").data, SHAPE, "param");
  using grad = GpuTensor.zeros(gpu, SHAPE, "grad");
  using norm = GpuTensor.zeros(gpu, [1], "norm");
  using optimizer = new AdamW(gpu, param, OPTIONS);
  for (let k = 0; k < STEPS; k++) {
    grad.write(golden.tensor(`grad${k}`).data);
    gpu.submit((pass) => {
      encodeGradNorm(pass, { grad, norm });
      optimizer.encode(pass, { grad, norm }, { learningRate });
    });
    assert.equal(optimizer.step, k + 1);
    const expectedNorm = golden.tensor(`norm${k}`).data;
    assertAllClose(await norm.read(), expectedNorm, { atol: 0, rtol: 1e-5 });
    assertAllClose(await param.read(), golden.tensor(`param${k + 1}`).data);
  }
});

gpuTest("AdamW resumes from a state bit for bit", async (gpu) => {
  using param = GpuTensor.from(gpu, golden.tensor("param0").data, SHAPE, "param");
  using other = GpuTensor.zeros(gpu, SHAPE, "other");
  using grad = GpuTensor.zeros(gpu, SHAPE, "grad");
  using norm = GpuTensor.zeros(gpu, [1], "norm");
  using optimizer = new AdamW(gpu, param, OPTIONS);
  using resumed = new AdamW(gpu, other, OPTIONS);
  const step = (of: AdamW, k: number) => {
    grad.write(golden.tensor(`grad${k}`).data);
    gpu.submit((pass) => {
      encodeGradNorm(pass, { grad, norm });
      of.encode(pass, { grad, norm }, { learningRate });
    });
  };
  for (let k = 0; k < 3; k++) step(optimizer, k);
  other.write(await param.read());
  resumed.restore(await optimizer.readState());
  for (let k = 3; k < STEPS; k++) {
    step(optimizer, k);
    step(resumed, k);
  }
  assert.deepEqual(await other.read(), await param.read());
  assert.deepEqual(await resumed.readState(), await optimizer.readState());
});

gpuTest("AdamW without clipping does not change the gradient", async (gpu) => {
  using param = GpuTensor.zeros(gpu, SHAPE, "param");
  const large = golden.tensor("grad1").data;
  using grad = GpuTensor.from(gpu, large, SHAPE, "grad");
  using norm = GpuTensor.zeros(gpu, [1], "norm");
  using optimizer = new AdamW(gpu, param, { ...OPTIONS, clipGrad: false });
  gpu.submit((pass) => {
    encodeGradNorm(pass, { grad, norm });
    optimizer.encode(pass, { grad, norm }, { learningRate });
  });
  const expectedNorm = Math.sqrt(large.reduce((sum, value) => sum + value * value, 0));
  assert(expectedNorm > OPTIONS.maxGradNorm);
  assertAllClose(await norm.read(), [expectedNorm], { atol: 0, rtol: 1e-5 });
  assert.deepEqual(await grad.read(), large);
  const { moment1 } = await optimizer.readState();
  assertAllClose(moment1, large.map((value) => (1 - BETA1) * value));
});

gpuTest("AdamW refuses a state that does not fit", (gpu) => {
  using param = GpuTensor.zeros(gpu, [2, 3], "param");
  using optimizer = new AdamW(gpu, param, OPTIONS);
  const six = new Float32Array(6);
  const restore = (state: Partial<Parameters<AdamW["restore"]>[0]>) => () =>
    optimizer.restore({ step: 1, moment1: six, moment2: six, ...state });
  assert.throws(restore({ step: -1 }), {
    name: "RangeError",
    message: "Cannot restore AdamW: expected a step of 0 or more, got -1",
  });
  assert.throws(restore({ moment2: new Float32Array(5) }), TypeError);
  assert.equal(optimizer.step, 0);
});
