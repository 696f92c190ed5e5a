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

/** A set of pictures, such as those on a grid of pixels in the colors of a palette. */
export interface PictureConstraint {
  /**
   * Projects an image onto the set.
   *
   * @param image Opaque, of the teacher's size.
   * @returns A picture of the set, in the size of the set's pictures.
   */
  project(image: Image): Image;
  /** Projects the image of the last step, if that is done otherwise. Default: `project`. */
  projectLast?(image: Image): Image;
  /**
   * Renders a picture of the set.
   *
   * @returns An opaque image of the teacher's size.
   */
  render(picture: Image): Image;
}

/** What edits a picture; all of it is borrowed. */
export interface EditNetworks {
  /** Predicts the noise, guidance included. */
  readonly predict: PredictNoise;
  /** The teacher's autoencoder. */
  readonly codec: ImageCodec;
  /** The constraint. */
  readonly constraint: PictureConstraint;
  /** The teacher's schedule. */
  readonly schedule: NoiseSchedule;
  /**
   * Share of each cell of the latents that shows kept pixels, in [0, 1], shape [h, w]. The weight
   * of the constraint is at least that. Default: no pixel is kept.
   */
  readonly keptCells?: Float32Array;
}

/** State of an edit between two steps. */
export interface EditState {
  /** Noisy latents, shape [1, C, h, w]. */
  readonly latents: Float32Array;
  /** The picture so far. */
  readonly picture: Image;
}

/**
 * Returns the timesteps of an edit: those of a whole sample by DDIM, from the strength on. The
 * timesteps of the config are not used, nor its end of guidance: they are for whole samples.
 *
 * @param options.steps Steps of a sample from pure noise, integer >= 1.
 * @param options.strength Share of the diffusion time at which the edit starts, in [0, 1]. 1 keeps
 * nothing of the picture.
 * @returns Integers, falling.
 */
export function editTimesteps(
  { schedule, steps, strength }: {
    readonly schedule: NoiseSchedule;
    readonly steps: number;
    readonly strength: number;
  },
): number[] {
  return ddimTimesteps({ schedule, steps })
    .filter((timestep) => timestep <= strength * schedule.size);
}

/**
 * Starts an edit: adds the noise of its first timestep to the latents of a picture.
 *
 * Source: Meng et al. 2022, https://arxiv.org/abs/2108.01073.
 *
 * @param noise Normal values, shape [1, C, h, w].
 */
export async function startEdit(
  picture: Image,
  noise: Float32Array,
  { codec, constraint, schedule }: EditNetworks,
  timesteps: readonly number[],
): Promise<EditState> {
  const clean = await codec.encode(constraint.render(picture));
  return { latents: addNoise(clean, noise, schedule.alphaAt(timesteps[0]!)), picture };
}

/**
 * Makes one step of an edit: DDIM under a constraint on the image.
 *
 * The teacher predicts the clean latents. Their image is projected onto the constraint, and the
 * latents are moved by the difference that the projection makes. The weight of that move rises from
 * step to step, see {@linkcode constraintWeight}: early, the teacher is free to place shapes; late,
 * every image that it sees obeys the constraint. The projection of the last step is the result. No
 * gradient is needed.
 *
 * Source of the sampler: Song et al. 2021, https://arxiv.org/abs/2010.02502, Eq. 12.
 *
 * @param timesteps As of {@linkcode editTimesteps}.
 * @param index Index of the step in `timesteps`.
 */
export async function editStep(
  { latents, picture }: EditState,
  networks: EditNetworks,
  timesteps: readonly number[],
  index: number,
): Promise<EditState> {
  const { predict, codec, constraint, schedule, keptCells } = networks;
  const [timestep, next] = [timesteps[index]!, timesteps[index + 1]];
  const alpha = schedule.alphaAt(timestep);
  const epsilon = await predict(latents, timestep);
  const predicted = cleanLatents(latents, epsilon, alpha, schedule.sampling.clipRange);
  if (next === undefined) {
    const decoded = await codec.decode(predicted);
    const picture = constraint.projectLast?.(decoded) ?? constraint.project(decoded);
    return { latents: predicted, picture };
  }
  const weight = constraintWeight(index, timesteps.length);
  const clean = weight === 0 && !keptCells
    ? { latents: predicted, picture }
    : await constrain(predicted, weight, networks);
  const direction = noiseBetween(latents, clean.latents, alpha);
  return { ...clean, latents: addNoise(clean.latents, direction, schedule.alphaAt(next)) };
}

/**
 * Returns the weight of the constraint at a step.
 *
 * @param index From 0 to count - 1.
 * @returns From 0 at the first step to 1 at the last one, linearly.
 */
export function constraintWeight(index: number, count: number): number {
  return count === 1 ? 1 : index / (count - 1);
}

/**
 * Moves latents toward the constraint: x + weight * (encode(projected) - encode(decoded)). Cells of
 * kept pixels move all the way, so that the teacher paints what fits to them.
 *
 * The difference of two encodings is added, not the encoding itself, so the error of the
 * autoencoder cancels out.
 */
async function constrain(
  latents: Float32Array,
  weight: number,
  { codec, constraint, keptCells }: EditNetworks,
): Promise<EditState> {
  const weightAt = (i: number) =>
    keptCells ? Math.max(weight, keptCells[i % keptCells.length]!) : weight;
  const decoded = await codec.decode(latents);
  const picture = constraint.project(decoded);
  const projected = await codec.encode(constraint.render(picture));
  const unprojected = await codec.encode(decoded);
  const moved = latents.map((x, i) => x + weightAt(i) * (projected[i]! - unprojected[i]!));
  return { latents: moved, picture };
}

/** Returns sqrt(alpha) * clean + sqrt(1 - alpha) * noise. */
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
