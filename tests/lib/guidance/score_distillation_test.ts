import assert from "node:assert/strict";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { Denoiser } from "../../../lib/guidance/denoiser.ts";
import { ScoreDistillation } from "../../../lib/guidance/score_distillation.ts";
import type { Runtime } from "../../../lib/onnx/runtime/session.ts";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import type { ScheduleOverrides } from "../../../lib/guidance/scheduler_config.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { openTinyTeacher, relativeError } from "./tiny_teacher.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";

const GOLDEN = readGolden("sds_step");
const TIMESTEP = GOLDEN.tensor("timestep").data[0]!;
const CONFIG = { guidanceScale: 40, gradScale: 1, wMode: "cumprod" } as const;

function upload(gpu: Gpu, name: string): GpuTensor {
  const { data, shape } = GOLDEN.tensor(name);
  return GpuTensor.from(gpu, data, shape, name);
}

async function assertNear(actual: GpuTensor, name: string): Promise<void> {
  const expected = GOLDEN.tensor(name);
  assert.deepEqual(actual.shape, expected.shape);
  const error = relativeError(await actual.read(), expected.data);
  assert(error < 1e-3, `${name}: relative error ${error}`); // whole networks
}

async function open(
  gpu: Gpu,
  runtime: Runtime,
  rows: 1 | 2,
  { seed = 0, overrides = {} }: {
    readonly seed?: number;
    readonly overrides?: Partial<ScheduleOverrides>;
  } = {},
) {
  const sessions = new OrtSessions({ runtime, gpu });
  const tiny = await openTinyTeacher(rows);
  const schedule = await NoiseSchedule.open(tiny.teacher.folder, overrides);
  const parts = { sessions, ...tiny, schedule };
  const stack = new AsyncDisposableStack();
  const controlnets = ["canny", "depth"].map((id) => ({ id, conditioningScale: 0.15 }));
  const denoiser = stack.use(await Denoiser.create(gpu, parts, { controlnets }));
  const stages = new Set<string>();
  const distillation = stack.use(
    await ScoreDistillation.create(gpu, { ...parts, denoiser }, {
      config: CONFIG,
      seed,
      onStage: (stage, milliseconds) => {
        assert(milliseconds >= 0);
        stages.add(stage);
      },
    }),
  );
  return { distillation, stages, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

for (const runtime of ["wasm", "webgpu"] as const) {
  gpuTest(`step() equals the reference from image to gradient, on ${runtime}`, async (gpu) => {
    await using opened = await open(gpu, runtime, 2);
    using image = upload(gpu, "image");
    using noise = upload(gpu, "noise");
    using control = upload(gpu, "control_image");
    const { gradImage, readLoss } = await opened.distillation.step(image, {
      step: 1,
      timestep: TIMESTEP,
      control: { controlImages: [control, control] },
      noise,
      inspect: async ({ latents, noisePred, gradLatents }) => {
        await assertNear(latents, "latents");
        await assertNear(noisePred, "noise_pred");
        await assertNear(gradLatents, "grad_latents");
      },
    });
    using owned = gradImage;
    await assertNear(owned, "grad_image");
    const half = GOLDEN.tensor("grad_latents").data.reduce((sum, g) => sum + g * g / 2, 0);
    const loss = await readLoss();
    assert(Math.abs(loss / half - 1) < 2e-3, `loss ${loss}, expected ${half}`);
    assert.deepEqual([...opened.stages].sort(), [
      "denoise",
      "kernels",
      "vaeBackward",
      "vaeForward",
    ]);
  });
}

gpuTest("step() draws its noise from seed and step", async (gpu) => {
  using image = upload(gpu, "image");
  const gradientOf = async (seed: number, step: number) => {
    await using opened = await open(gpu, "wasm", 1, { seed });
    const { gradImage } = await opened.distillation.step(image, { step, timestep: TIMESTEP });
    using owned = gradImage;
    return await owned.read();
  };
  const first = await gradientOf(0, 1);
  assert.deepEqual(await gradientOf(0, 1), first);
  assert.notDeepEqual(await gradientOf(0, 2), first);
  assert.notDeepEqual(await gradientOf(1, 1), first);
});

for (const predictionType of ["epsilon", "v_prediction", "sample"] as const) {
  gpuTest(`step() at pure noise is finite for a network of ${predictionType}`, async (gpu) => {
    const overrides = { predictionType, rescaleZeroTerminalSnr: true };
    await using opened = await open(gpu, "webgpu", 2, { overrides });
    using image = upload(gpu, "image");
    const { gradImage } = await opened.distillation.step(image, {
      step: 1,
      timestep: 999,
      inspect: async ({ noisePred, gradLatents }) => {
        // The gradient replaces what is not finite by 0.
        assert((await noisePred.read()).every(Number.isFinite));
        assert((await gradLatents.read()).some((value) => value !== 0));
      },
    });
    using owned = gradImage;
    const gradient = await owned.read();
    assert(gradient.every(Number.isFinite) && gradient.some((value) => value !== 0));
  });
}
