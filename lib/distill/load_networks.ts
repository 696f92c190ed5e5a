import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { encodePrompts } from "../conditioning/encode_prompts.ts";
import { readingOf } from "../conditioning/read_prompt.ts";
import { Denoiser } from "../guidance/denoiser.ts";
import { NoiseSchedule } from "../guidance/noise_schedule.ts";
import { ScoreDistillation } from "../guidance/score_distillation.ts";
import { BatchedSessions } from "../onnx/batching/batched_sessions.ts";
import { PooledSessions } from "../onnx/batching/session_pool.ts";
import { chooseRuntime } from "../onnx/runtime/choose_runtime.ts";
import { OrtSessions } from "../onnx/runtime/ort_sessions.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import { defined } from "../text/defined.ts";
import type { StepParts } from "./distill_step.ts";
import type { RunInputs } from "./run_inputs.ts";
import type { RunSetup } from "./set_up_run.ts";

/**
 * Composes the loader of the networks of a run: onnxruntime, with the pool and the batch slot of
 * the inputs.
 *
 * @throws {TypeError} If there is a slot without a pool.
 */
export function composeSessions(
  gpu: Gpu,
  { runtime }: RunConfig,
  { pool, slot }: Pick<RunInputs, "pool" | "slot">,
): SessionLoader {
  const sessions = new OrtSessions({ runtime: chooseRuntime(gpu, runtime), gpu });
  if (!pool) {
    if (slot) throw new TypeError("Cannot create a run: expected a pool with the slot, got none");
    return sessions;
  }
  const pooled = new PooledSessions(sessions, pool);
  return slot ? new BatchedSessions(pooled, slot) : pooled;
}

/** Parts of a run that call the teacher's networks. */
export type NetworkParts = Pick<StepParts, "schedule" | "denoiser" | "distillation">;

/** Options of {@linkcode loadNetworks}. */
export interface LoadNetworksOptions extends Pick<RunInputs, "onTiming"> {
  /** Loads the networks. */
  readonly sessions: SessionLoader;
  /** Takes the ownership of the parts. */
  readonly owned: AsyncDisposableStack;
}

/** Encodes the prompts, and loads the teacher's UNet, ControlNets and autoencoder. */
export async function loadNetworks(
  gpu: Gpu,
  { config, teacher, teacherSize: size, controlnets, precision, usesNegativePrompt }: RunSetup,
  { sessions, owned, onTiming }: LoadNetworksOptions,
): Promise<NetworkParts> {
  const { prompt, negativePrompt, controlnet, seed, sd } = config;
  const schedule = await NoiseSchedule.open(teacher.folder, config.diffusion);
  const texts = { prompt, negativePrompt: usesNegativePrompt ? negativePrompt : undefined };
  const prompts = await encodePrompts(sessions, teacher, texts, {
    ...precision,
    ...readingOf(config.diffusion),
    size,
    ...defined({ clipSkip: config.diffusion.clipSkip ?? undefined }),
  });
  const denoiser = owned.use(
    await Denoiser.create(gpu, { sessions, teacher, schedule, prompts }, {
      ...precision,
      size,
      controlnets,
      controlGuidanceStart: controlnet.controlGuidanceStart,
      controlGuidanceEnd: controlnet.controlGuidanceEnd,
    }),
  );
  const distillation = owned.use(
    await ScoreDistillation.create(gpu, { sessions, teacher, schedule, denoiser }, {
      config: sd,
      seed,
      size,
      ...defined({ onStage: onTiming }),
    }),
  );
  return { schedule, denoiser, distillation };
}
