import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { chooseRuntime } from "../onnx/runtime/choose_runtime.ts";
import { findPalette } from "../palette/formats/find_palette.ts";
import { planRun } from "./memory/plan_run.ts";
import type { RunInputs } from "./run_inputs.ts";
import { setUpRun } from "./set_up_run.ts";

/** Max batch sizes; larger batches are not faster. */
export const MAX_PICTURES = { gpu: 16, cpu: 4 } as const;

/** Max memory of all pictures but the first, in bytes: a GPU does not tell how much it has. */
const MAX_EXTRA_BYTES = 2 ** 30;

/** Inputs of {@linkcode chooseBatch}. */
export interface BatchInputs
  extends Pick<RunInputs, "palette" | "image" | "hub" | "decodesGradient"> {
  /** Number of pictures in all. */
  readonly count: number;
}

/**
 * Chooses the batch size for several pictures: `config.batch` if it is not 0, else at most 16 on a
 * GPU and 4 on a CPU, and less if the pictures need more than 1 GiB more than one picture. No
 * weights are loaded, but the teacher must be there.
 *
 * @returns From 1 to the number of pictures; 1 if there is none.
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
  const max = Math.min(count, isOnGpu ? MAX_PICTURES.gpu : MAX_PICTURES.cpu);
  if (max === 1) return 1;
  const palette = inputs.palette ?? await findPalette(config.generator.palette);
  const setup = await setUpRun(gpu, config, { ...inputs, palette, hub: inputs.hub ?? {} });
  const one = await planRun(gpu, setup);
  for (let pictures = max; pictures > 1; pictures = Math.floor(pictures / 2)) {
    const plan = await planRun(gpu, { ...setup, pictures });
    const extraBytes = plan.peakBytes - one.peakBytes;
    if (plan.problems.length === 0 && extraBytes <= MAX_EXTRA_BYTES) return pictures;
  }
  return 1;
}
