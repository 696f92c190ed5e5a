import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { encodeNormal } from "../../kernels/random/normal.ts";
import type { ChosenReference } from "../conditioning/choose_reference.ts";
import type { Denoiser } from "./denoiser.ts";
import type { NoiseSchedule } from "./noise_schedule.ts";
import { RANDOM_STREAMS } from "./random_streams.ts";

/** Times at which an image is judged, as shares of the schedule: what it shows in detail. */
export const IMAGE_TIMES: readonly number[] = [0.2, 0.4];

/**
 * Times at which a picture of few pixels is judged: how it looks as a whole. In little noise a
 * teacher sees its pixels above all, which no prompt foretells.
 */
export const PICTURE_TIMES: readonly number[] = [0.6, 0.8];

/** Predictions by which an image and its picture are judged. */
export const EVALUATIONS_OF_CHOICE: number = IMAGE_TIMES.length + PICTURE_TIMES.length;

/** What judges pictures; all of it is borrowed. */
export interface JudgeParts {
  /** The teacher's schedule. */
  readonly schedule: NoiseSchedule;
  /** The teacher's networks. */
  readonly denoiser: Denoiser;
}

/** Options of {@linkcode chooseByDenoising}. */
export interface ChooseByDenoisingOptions {
  /** Seed of the noise; all candidates get the same. */
  readonly seed: number;
  /** Stops the judging. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode scoreByDenoising}. */
export interface ScoreByDenoisingOptions extends ChooseByDenoisingOptions {
  /** Times at which noise is added, as shares of the schedule; at least one. */
  readonly times: readonly number[];
}

/** Latents and what judges them; all of it is borrowed. */
export interface JudgedLatents {
  /** What judges them. */
  readonly parts: JudgeParts;
  /** Scaled latents, each [1, 4, h, w]; at least one. */
  readonly candidates: readonly Float32Array[];
}

/** An image and what it would become. */
export interface Candidate {
  /** Scaled latents of the image, [1, 4, h, w]. */
  readonly image: Float32Array;
  /** Those of its picture; of the image where it has none. */
  readonly picture: Float32Array;
}

/**
 * Measures how well a teacher's prompt explains images, in the eyes of the teacher itself.
 *
 * Noise is added at each time. The score is the logarithm of the mean squared error of the noise
 * that the teacher predicts with the prompt, times -1, as a mean of the times: each weighs alike,
 * though errors are a hundred times as large in little noise as in much. ControlNets do not act.
 *
 * Source: that error bounds the likelihood of an image, Ho et al. 2020,
 * https://arxiv.org/abs/2006.11239, Eq. 12; and tells which prompt fits it, Li et al. 2023,
 * https://arxiv.org/abs/2303.16203.
 *
 * @returns A score for each, the greater, the better; NaN if a prediction was none.
 */
export async function scoreByDenoising(
  gpu: Gpu,
  { parts: { schedule, denoiser }, candidates }: JudgedLatents,
  { times, seed, signal }: ScoreByDenoisingOptions,
): Promise<number[]> {
  const { height, width } = denoiser.latentSize;
  const shape = [denoiser.rows, candidates[0]!.length / (height * width), height, width];
  const scores = new Array<number>(candidates.length).fill(0);
  for (const [step, time] of times.entries()) {
    const timestep = Math.round(time * (schedule.size - 1));
    const alpha = schedule.alphaAt(timestep);
    const noise = await drawNoise(gpu, [1, ...shape.slice(1)], { seed, step });
    for (const [i, latents] of candidates.entries()) {
      signal?.throwIfAborted();
      const noisy = latents.map((value, at) =>
        Math.sqrt(alpha) * value + Math.sqrt(1 - alpha) * noise[at]!
      );
      const data = new Float32Array(denoiser.rows * noisy.length);
      for (let row = 0; row < denoiser.rows; row++) data.set(noisy, row * noisy.length);
      const predicted = await denoiser.predictHost({ data, shape }, timestep);
      const withPrompt = predicted.subarray(predicted.length - noise.length);
      scores[i]! -= Math.log(meanSquaredError(withPrompt, noise)) / times.length;
    }
  }
  return scores;
}

/**
 * Chooses the image that a teacher's prompt explains best together with the picture that it would
 * become: by the sum of their scores, {@linkcode scoreByDenoising}.
 */
export async function chooseByDenoising(
  gpu: Gpu,
  parts: JudgeParts,
  candidates: readonly Candidate[],
  options: ChooseByDenoisingOptions,
): Promise<ChosenReference> {
  const images = { parts, candidates: candidates.map(({ image }) => image) };
  const pictures = { parts, candidates: candidates.map(({ picture }) => picture) };
  const ofImages = await scoreByDenoising(gpu, images, { ...options, times: IMAGE_TIMES });
  const ofPictures = await scoreByDenoising(gpu, pictures, { ...options, times: PICTURE_TIMES });
  const scores = ofImages.map((score, i) => score + ofPictures[i]!);
  // What a teacher cannot judge is not chosen.
  const best = Math.max(...scores.filter((score) => !Number.isNaN(score)));
  return { index: Math.max(0, scores.indexOf(best)), scores };
}

function meanSquaredError(predicted: Float32Array, noise: Float32Array): number {
  return predicted.reduce((sum, value, i) => sum + (value - noise[i]!) ** 2, 0) / noise.length;
}

async function drawNoise(
  gpu: Gpu,
  shape: readonly number[],
  { seed, step }: { readonly seed: number; readonly step: number },
): Promise<Float32Array> {
  using out = GpuTensor.zeros(gpu, shape, "noise");
  const key = { seed, stream: RANDOM_STREAMS.choice, step };
  gpu.submit((pass) => encodeNormal(pass, { out }, key));
  return await out.read();
}
