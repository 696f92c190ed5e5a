import assert from "node:assert/strict";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { Denoiser, type DenoiserOptions } from "../../../lib/guidance/denoiser.ts";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import { readSchedulerConfig } from "../../../lib/guidance/scheduler_config.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { openTinyTeacher, relativeError } from "./tiny_teacher.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";
import type { Runtime } from "../../../lib/onnx/runtime/session.ts";

const GOLDEN = readGolden("unet_controlnet");
const LATENTS = GOLDEN.tensor("latents");
const TIMESTEP = GOLDEN.tensor("timestep").data[0]!;
const CONTROL = GOLDEN.tensor("control_image");
const PLAIN = GOLDEN.tensor("unet.noise_pred").data;
const CONTROLLED = GOLDEN.tensor("unet.noise_pred_controlled").data;
const CONTROLNETS = [
  { id: "canny", conditioningScale: 0.15 },
  { id: "depth", conditioningScale: 0.3 },
];

async function createDenoiser(
  gpu: Gpu,
  { runtime = "wasm", ...options }: DenoiserOptions & { readonly runtime?: Runtime } = {},
) {
  const sessions = new OrtSessions({ runtime, gpu });
  return await Denoiser.create(gpu, { sessions, ...await openTinyTeacher() }, options);
}

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const error = relativeError(actual, expected);
  assert(error < 1e-3, `relative error ${error}`); // whole networks
}

for (const runtime of ["wasm", "webgpu"] as const) {
  gpuTest(`Denoiser equals diffusers with two ControlNets, on ${runtime}`, async (gpu) => {
    await using denoiser = await createDenoiser(gpu, { runtime, controlnets: CONTROLNETS });
    assert.equal(denoiser.rows, 2);
    using latents = GpuTensor.from(gpu, LATENTS.data, LATENTS.shape, "latents");
    using image = GpuTensor.from(gpu, CONTROL.data, CONTROL.shape, "control image");
    using controlled = await denoiser.predict(latents, TIMESTEP, {
      controlImages: [image, CONTROL],
    });
    assertNear(await controlled.read(), CONTROLLED);
    using plain = await denoiser.predict(latents, TIMESTEP);
    assertNear(await plain.read(), PLAIN);
  });
}

for (const runtime of ["wasm", "webgpu"] as const) {
  gpuTest(`Denoiser predicts by the prompt in both rows, on ${runtime}`, async (gpu) => {
    await using denoiser = await createDenoiser(gpu, { runtime, controlnets: CONTROLNETS });
    const half = LATENTS.data.length / 2;
    const data = Float32Array.from({ length: 2 * half }, (_, i) => LATENTS.data[half + i % half]!);
    const noise = await denoiser.predictByPrompt({ data, shape: LATENTS.shape }, TIMESTEP);
    for (const at of [0, half]) assertNear(noise.subarray(at, at + half), PLAIN.slice(half));
    assertNear(await denoiser.predictHost(LATENTS, TIMESTEP), PLAIN);
  });
}

gpuTest("Denoiser runs without ControlNets from host memory", async (gpu) => {
  await using denoiser = await createDenoiser(gpu);
  assertNear(await denoiser.predictHost(LATENTS, TIMESTEP), PLAIN);
  assert.equal(denoiser.isControlled(TIMESTEP), false);
});

gpuTest("Denoiser loads no ControlNet whose scale is 0", async (gpu) => {
  const controlnets = [{ id: "not there", conditioningScale: 0 }];
  await using denoiser = await createDenoiser(gpu, { controlnets });
  assert.equal(denoiser.isControlled(TIMESTEP), false);
});

gpuTest("Denoiser takes other scales for a call, and refuses a wrong number", async (gpu) => {
  const controlnets = CONTROLNETS.map(({ id }) => ({ id, conditioningScale: 1 }));
  await using denoiser = await createDenoiser(gpu, { controlnets });
  const controlImages = [CONTROL, CONTROL];
  const scaled = await denoiser.predictHost(LATENTS, TIMESTEP, {
    controlImages,
    conditioningScales: [0.15, 0.3],
  });
  assertNear(scaled, CONTROLLED);
  const off = { controlImages, conditioningScales: [0, 0] };
  assertNear(await denoiser.predictHost(LATENTS, TIMESTEP, off), PLAIN);
  await assert.rejects(
    denoiser.predictHost(LATENTS, TIMESTEP, { controlImages: [CONTROL] }),
    /expected 2 images, got 1/,
  );
});

gpuTest("ControlNets run in their range of diffusion time only", async (gpu) => {
  await using denoiser = await createDenoiser(gpu, {
    controlnets: CONTROLNETS,
    controlGuidanceStart: 0.1,
    controlGuidanceEnd: 0.5,
  });
  const controlled = [999, 900, 899, 500, 499, 437, 0].filter((t) => denoiser.isControlled(t));
  // Shares 0, .099, .1, .499, .5, .562, .999.
  assert.deepEqual(controlled, [899, 500]);
  const control = { controlImages: [CONTROL, CONTROL] };
  assertNear(await denoiser.predictHost(LATENTS, TIMESTEP, control), PLAIN);
});

for (const runtime of ["wasm", "webgpu"] as const) {
  gpuTest(`Denoiser converts v to noise, on ${runtime}`, async (gpu) => {
    const { teacher, prompts } = await openTinyTeacher();
    const config = await readSchedulerConfig(teacher.folder);
    const schedule = new NoiseSchedule({ ...config, predictionType: "v_prediction" });
    const sessions = new OrtSessions({ runtime, gpu });
    await using denoiser = await Denoiser.create(gpu, { sessions, teacher, prompts, schedule });
    const alpha = schedule.alphaAt(TIMESTEP);
    const expected = PLAIN.map((v, i) =>
      Math.sqrt(alpha) * v + Math.sqrt(1 - alpha) * LATENTS.data[i]!
    );
    using latents = GpuTensor.from(gpu, LATENTS.data, LATENTS.shape, "latents");
    using noisePred = await denoiser.predict(latents, TIMESTEP);
    assertNear(await noisePred.read(), expected);
  });
}
