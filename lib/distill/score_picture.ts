import { encodeResize } from "../../kernels/augment/resize.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { scoreByDenoising } from "../guidance/choose_by_denoising.ts";
import type { StepParts } from "./distill_step.ts";

/** Noise of all scores, whatever the seed of a run, so that scores of several runs compare. */
const NOISE_SEED = 0;

/** What a score needs of a run; all of it is borrowed. */
export type ScoredParts = Pick<
  StepParts,
  "gpu" | "config" | "schedule" | "denoiser" | "distillation" | "teacherSize" | "generator"
>;

/**
 * Measures how well a picture fits its prompt in the eyes of the teacher: by how much the teacher
 * predicts noise in it better with the prompt than with the negative one.
 *
 * The picture is that of the likeliest colours, enlarged as a step enlarges it, and not changed at
 * random. {@linkcode scoreByDenoising} tells the measure and its source.
 *
 * @returns Difference of mean squared errors, the greater, the better.
 */
export async function scorePicture(
  parts: ScoredParts,
  options: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  const { gpu, generator, teacherSize, distillation, config } = parts;
  const { height, width } = generator.size;
  const colors = generator.classes.palette.toFloats();
  const indices = await generator.argmax(config.generator);
  const picture = new Float32Array(indices.length * 3);
  for (const [i, k] of indices.entries()) picture.set(colors.subarray(k * 3, k * 3 + 3), i * 3);
  using image = GpuTensor.from(gpu, picture, [height, width, 3], "scored picture");
  const seenShape = [1, 3, teacherSize.height, teacherSize.width];
  using seen = GpuTensor.zeros(gpu, seenShape, "scored picture, enlarged");
  gpu.submit((pass) =>
    encodeResize(pass, { image, out: seen }, { mode: config.training.resizeMode, layout: "hwc" })
  );
  const latents = await distillation.encode(seen);
  const [score] = await scoreByDenoising(gpu, { parts, candidates: [latents] }, {
    seed: NOISE_SEED,
    ...options,
  });
  return score!;
}
