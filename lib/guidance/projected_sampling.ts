import type { Image } from "../image/image.ts";
import type { NoiseSchedule } from "./noise_schedule.ts";
import { ddimTimesteps, type PredictNoise } from "./samplers.ts";

/** An autoencoder: images of the teacher's size to latents and back. */
export interface ImageCodec {
  /**
   * Encodes an opaque image of the teacher's size.
   *
   * @returns Scaled latents, shape [1, C, h, w].
   */
  encode(image: Image): Promise<Float32Array>;
  /**
   * Decodes scaled latents, shape [1, C, h, w].
   *
   * @returns An opaque image of the teacher's size.
   */
  decode(latents: Float32Array): Promise<Image>;
}

/**
 * Maps an image to the nearest image that obeys a constraint, such as a grid of pixels in the
 * colors of a palette. Both are opaque and have the teacher's size.
 */
export type Projection = (image: Image) => Image;

/** Networks and constraint of {@linkcode sampleProjected}; all of it is borrowed. */
export interface ProjectedSamplingParts {
  /** Predicts the noise, guidance included. */
  readonly predict: PredictNoise;
  /** The teacher's autoencoder. */
  readonly codec: ImageCodec;
  /** The constraint. */
  readonly project: Projection;
}

/** Options of {@linkcode sampleProjected}. */
export interface ProjectedSamplingOptions {
  /** The teacher's schedule. */
  readonly schedule: NoiseSchedule;
  /** Steps of a sample from pure noise, integer >= 1. */
  readonly steps: number;
  /** Share of the diffusion time at which the edit starts, in [0, 1]. 1 keeps nothing. */
  readonly strength: number;
  /** Told after each step, from 1. */
  readonly onStep?: (step: number, steps: number) => void;
  /** Cancels the sampling between two steps. */
  readonly signal?: AbortSignal;
}

/**
 * Edits latents by DDIM under a constraint on the image.
 *
 * The start is noised to the diffusion time that `strength` names. Each step predicts the clean
 * latents, projects their image onto the constraint, and moves them by the difference that the
 * projection makes in latents. The weight of that move rises linearly from 0 at the first step to 1
 * at the last one: early, the teacher is free to place shapes; late, every image that it sees obeys
 * the constraint. No gradient is needed.
 *
 * The difference of two encodings is added, not the encoding itself, so the error of the
 * autoencoder cancels out.
 *
 * Source of the sampler: Song et al. 2021, https://arxiv.org/abs/2010.02502, Eq. 12; of the edit
 * from noised latents: Meng et al. 2022, https://arxiv.org/abs/2108.01073.
 *
 * @param start Scaled latents to edit, shape [1, C, h, w].
 * @param noise Normal values, same shape.
 * @returns Latents without noise, same shape; `start` if no timestep lies below the strength.
 */
export async function sampleProjected(
  start: Float32Array,
  noise: Float32Array,
  parts: ProjectedSamplingParts,
  options: ProjectedSamplingOptions,
): Promise<Float32Array> {
  const { schedule, onStep, signal } = options;
  const timesteps = editTimesteps(options);
  if (timesteps.length === 0) return start;
  let latents = addNoise(start, noise, schedule.alphaAt(timesteps[0]!));
  for (const [i, timestep] of timesteps.entries()) {
    signal?.throwIfAborted();
    const alpha = schedule.alphaAt(timestep);
    const next = timesteps[i + 1];
    const epsilon = await parts.predict(latents, timestep);
    const predicted = cleanLatents(latents, epsilon, alpha, schedule.sampling.clipRange);
    const clean = await constrain(predicted, constraintWeight(i, timesteps.length), parts);
    const direction = noiseBetween(latents, clean, alpha);
    latents = addNoise(clean, direction, next === undefined ? 1 : schedule.alphaAt(next));
    onStep?.(i + 1, timesteps.length);
  }
  return latents;
}

/**
 * Returns the timesteps of an edit: those of a whole sample from the strength on, integers,
 * falling.
 */
export function editTimesteps(
  { schedule, steps, strength }: Pick<
    ProjectedSamplingOptions,
    "schedule" | "steps" | "strength"
  >,
): number[] {
  return ddimTimesteps({ schedule, steps })
    .filter((timestep) => timestep <= strength * schedule.size);
}

/** Returns the weight of the constraint at a step, from 0 at the first one to 1 at the last one. */
export function constraintWeight(index: number, count: number): number {
  return count === 1 ? 1 : index / (count - 1);
}

/** Moves latents toward the constraint: x + weight · (encode(project(image)) - encode(image)). */
async function constrain(
  latents: Float32Array,
  weight: number,
  { codec, project }: ProjectedSamplingParts,
): Promise<Float32Array> {
  if (weight === 0) return latents;
  const image = await codec.decode(latents);
  const projected = await codec.encode(project(image));
  const unprojected = await codec.encode(image);
  return latents.map((x, i) => x + weight * (projected[i]! - unprojected[i]!));
}

/** Returns sqrt(alpha) · clean + sqrt(1 - alpha) · noise. */
function addNoise(clean: Float32Array, noise: Float32Array, alpha: number): Float32Array {
  const [signal, spread] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
  return clean.map((x, i) => signal * x + spread * noise[i]!);
}

/** Solves `addNoise` for the clean latents, clipped to a range if the schedule has one. */
function cleanLatents(
  latents: Float32Array,
  noise: Float32Array,
  alpha: number,
  limit = Infinity,
): Float32Array {
  const [signal, spread] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
  return latents.map((x, i) =>
    Math.min(limit, Math.max(-limit, (x - spread * noise[i]!) / signal))
  );
}

/** Solves `addNoise` for the noise. */
function noiseBetween(latents: Float32Array, clean: Float32Array, alpha: number): Float32Array {
  const [signal, spread] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
  return latents.map((x, i) => (x - signal * clean[i]!) / spread);
}
