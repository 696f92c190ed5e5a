import { encodeResize } from "../../kernels/augment/resize.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { scoreByDenoising } from "../guidance/choose_by_denoising.ts";
import type { StepParts } from "./distill_step.ts";

/** Seed of the noise of all scores: scores of runs with different seeds are comparable. */
const NOISE_SEED = 0;

/** Parts of a run that encode its picture; borrowed. */
export type EncodingParts = Pick<
  StepParts,
  "gpu" | "config" | "distillation" | "teacherSize" | "generator"
>;

/** Parts of a run that score its picture; borrowed. */
export type ScoringParts = EncodingParts & Pick<StepParts, "schedule" | "denoiser">;

/**
 * Scores how well a picture fits its prompt, by the teacher's denoising errors.
 *
 * {@linkcode encodePicture} makes the input of the teacher; {@linkcode scoreByDenoising} defines
 * the score and names its source.
 *
 * @returns Higher is better; scores with the same prompt, size and teacher are comparable.
 */
export async function scorePicture(
  parts: ScoringParts,
  options: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  const latents = await encodePicture(parts);
  const [score] = await scoreByDenoising(parts.gpu, { parts, candidates: [latents] }, {
    seed: NOISE_SEED,
    ...options,
  });
  return score!;
}

/**
 * Encodes the picture of a generator as an input of the teacher: the most likely colors, with
 * orphan pixels removed, enlarged, not augmented. Its pixels are sharp squares: of blurred ones the
 * teacher tells good and bad pictures apart less well.
 *
 * @returns Scaled latents, shape [1, 4, h, w].
 */
export async function encodePicture(parts: EncodingParts): Promise<Float32Array> {
  const { gpu, generator, teacherSize, distillation, config } = parts;
  const { height, width } = generator.size;
  const colors = generator.palette.toFloats();
  const indices = await generator.argmax(config.generator);
  const picture = new Float32Array(indices.length * 3);
  for (const [i, k] of indices.entries()) picture.set(colors.subarray(k * 3, k * 3 + 3), i * 3);
  using image = GpuTensor.from(gpu, picture, [height, width, 3], "scored picture");
  const shape = [1, 3, teacherSize.height, teacherSize.width];
  using enlarged = GpuTensor.zeros(gpu, shape, "scored picture, enlarged");
  gpu.submit((pass) =>
    encodeResize(pass, { image, out: enlarged }, { mode: "nearest", layout: "hwc" })
  );
  return await distillation.encode(enlarged);
}
