import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { chooseRuntime } from "../onnx/runtime/choose_runtime.ts";
import { choosePrecision } from "../onnx/runtime/network_precision.ts";
import { findPalette } from "../palette/find_palette.ts";
import { chooseControlnets } from "./control_images.ts";
import type { RunInputs } from "./create_run.ts";
import { findTeacher, nativeSize } from "./find_teacher.ts";
import { type PlannedRun, planRun } from "./memory/plan_run.ts";
import { asksNegativePrompt, drawsImage } from "./start_state.ts";
import { chooseTeacherSize, sideMultiple } from "./teacher_size.ts";

/** More pictures at once gain nothing, on a GPU and on a CPU. */
const MAX = { gpu: 16, cpu: 4 };

/** Memory, in bytes, that further pictures may take: a GPU does not tell how much it has. */
const SPARE_BYTES = 2 ** 30;

/** What is known of several pictures besides their config. */
export interface BatchInputs
  extends Pick<RunInputs, "palette" | "image" | "hub" | "decodesGradient"> {
  /** Pictures that are asked for. */
  readonly count: number;
}

/**
 * Chooses how many pictures are made at once: as many as `config.batch` says, else 16 at most on a
 * GPU and 4 on a CPU, fewer where they would take more than 1 GiB above what one takes. No weights
 * are read, but the teacher must be there.
 *
 * @returns From 1 to the number of pictures, or 1 if there is none.
 * @throws {TeacherFolderError} If the teacher cannot be used.
 * @throws {HubError} If it is on the Hub and not on this machine, or cannot be downloaded.
 */
export async function chooseBatch(
  gpu: Gpu,
  config: RunConfig,
  inputs: BatchInputs,
): Promise<number> {
  const count = Math.max(1, inputs.count);
  if (config.batch > 0) return Math.min(count, config.batch);
  const isOnGpu = chooseRuntime(gpu, config.runtime) === "webgpu" && !gpu.isSoftware;
  const most = Math.min(count, isOnGpu ? MAX.gpu : MAX.cpu);
  if (most === 1) return 1;
  const run = await planOne(gpu, config, inputs);
  const { peakBytes } = await planRun(gpu, run);
  for (let pictures = most; pictures > 1; pictures = Math.floor(pictures / 2)) {
    const plan = await planRun(gpu, { ...run, pictures });
    if (plan.problems.length === 0 && plan.peakBytes - peakBytes <= SPARE_BYTES) return pictures;
  }
  return 1;
}

/** Finds out what one picture takes, as `createRun`. */
async function planOne(gpu: Gpu, config: RunConfig, inputs: BatchInputs): Promise<PlannedRun> {
  const { image, hub, decodesGradient = false } = inputs;
  const palette = inputs.palette ?? await findPalette(config.generator.palette);
  const runtime = chooseRuntime(gpu, config.runtime);
  const teacher = await findTeacher(config.diffusion, { hub: hub ?? {} });
  const size = { height: config.generator.imageH, width: config.generator.imageW };
  const draws = drawsImage(config, { image, checkpoint: undefined });
  return {
    ...{ config, teacher, runtime },
    teacherSize: chooseTeacherSize(size, {
      native: nativeSize(teacher, config.sd),
      multiple: sideMultiple(teacher),
    }),
    controlnets: image ? await chooseControlnets(teacher, config.controlnet, () => {}) : [],
    precision: choosePrecision(config.diffusion.precision, { runtime, gpu }),
    asksNegative: asksNegativePrompt(config, draws),
    decodes: draws || decodesGradient,
    colors: palette.colors.length,
  };
}
