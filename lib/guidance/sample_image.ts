import type { Seed } from "../../kernels/random/philox.ts";
import type { DiffusionConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { drawNormal } from "../../kernels/random/philox.ts";
import type { TeacherFolder } from "../conditioning/teacher_folder.ts";
import type { Image } from "../image/image.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { FloatType } from "../weights/float16.ts";
import { sampleLcm, sampleTcd } from "./consistency_samplers.ts";
import {
  constrainNoise,
  constrainPrediction,
  type LatentRules,
  NO_LATENT_RULES,
} from "./constrained_prediction.ts";
import type { ControlImages } from "./controlnet_residuals.ts";
import type { Denoiser } from "./denoiser.ts";
import { sampleDpmSolver } from "./dpm_solver.ts";
import { defined } from "../text/defined.ts";
import { LatentDecoder } from "./latent_decoder.ts";
import type { NoiseSchedule } from "./noise_schedule.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import { tiledDecode } from "./tiled_codec.ts";
import { SampleGroup } from "./sample_group.ts";
import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import {
  countGuidedSteps,
  countSampleCalls,
  isGuided,
  isPartlyGuided,
  type SampleConfig,
} from "./sample_calls.ts";
import {
  type PredictNoise,
  sampleDdim,
  sampleEuler,
  type Sampler,
  type StochasticOptions,
} from "./samplers.ts";

/** What samples images; all of it is borrowed. */
export interface SampleParts {
  /** Loads the decoder of the autoencoder. */
  readonly sessions: SessionLoader;
  /** The teacher. */
  readonly teacher: TeacherFolder;
  /** Its schedule. */
  readonly schedule: NoiseSchedule;
  /** Its networks. */
  readonly denoiser: Denoiser;
  /** The decoder of its autoencoder. Default: it is loaded, and freed after the last image. */
  readonly decoder?: LatentDecoder;
}

/** An image that a teacher sampled. */
export interface Sample {
  /** The image, opaque, of the teacher's size. */
  readonly image: Image;
  /** Its scaled latents, shape [1, 4, h, w]. */
  readonly latents: Float32Array;
}

/** Options of {@linkcode sampleImages}. */
export interface SampleOptions {
  /** Sampler, its steps, guidance, and number of images. */
  readonly config: SampleConfig;
  /** Seed of the run; each image has its own noise. */
  readonly seed: Seed;
  /** What the images obey. Default: nothing. */
  readonly rules?: LatentRules;
  /** Precision of the decoder. Default: "float32". */
  readonly precision?: FloatType;
  /** Cancels the sampling between two steps. */
  readonly signal?: AbortSignal;
  /** Called after each run of the denoiser with the runs done and their total, over all images. */
  readonly onCall?: (call: number, calls: number) => void;
}

/** More than a sampler has steps: no two steps draw the same noise. */
const MAX_STEPS = 2 ** 16;

const SAMPLERS: Readonly<
  Record<NonNullable<DiffusionConfig["sampler"]>, Sampler<StochasticOptions>>
> = {
  ddim: sampleDdim,
  euler: sampleEuler,
  dpmpp_2m_karras: sampleDpmSolver,
  lcm: sampleLcm,
  tcd: sampleTcd,
};

/**
 * Samples images of a prompt from a teacher, without ControlNets. The same seed gives the same
 * images.
 *
 * With two rows, it uses classifier-free guidance. Source: Ho & Salimans 2022,
 * https://arxiv.org/abs/2207.12598, in diffusers' form: negative + scale * (prompt - negative).
 * After the share `guidanceEnd` of the steps, it uses the prompt alone. Source: Kynkäänniemi et al.
 * 2024, https://arxiv.org/abs/2404.07724. Then the second row is free, and it is another sample's:
 * the images are sampled in pairs, with one run for both. So no network with another batch size is
 * loaded, which takes longer than its runs would save. A last image alone has both rows.
 */
export async function sampleImages(
  gpu: Gpu,
  { sessions, teacher, schedule, denoiser, decoder: shared }: SampleParts,
  options: SampleOptions,
): Promise<Sample[]> {
  const { config, seed, precision = "float32", signal, onCall } = options;
  const { rules = NO_LATENT_RULES } = options;
  const { numInferenceSteps: steps, numReferences: count } = config;
  const { latentSize } = denoiser;
  const shape = [1, teacher.vae.latentChannels, latentSize.height, latentSize.width];
  const calls = countSampleCalls(config);
  let call = 0;
  const counted = (predict: PredictNoise): PredictNoise => async (...input) => {
    const noise = await predict(...input);
    onCall?.(++call, calls);
    return noise;
  };
  const guidedSteps = countGuidedSteps(config);
  const guided = counted(guide(denoiser, shape, config.guidanceScale));
  const isPaired = denoiser.rows === 2 && isPartlyGuided(config);
  await using loaded = shared === undefined
    ? await LatentDecoder.load(sessions, teacher, { latentSize, precision })
    : undefined;
  const decoder = shared ?? loaded!;
  const decode = tiledDecode((latents) => decoder.decode(latents), shape, rules.tile);
  const sample = async (index: number, alone: PredictNoise) => {
    let step = 0;
    const predict: PredictNoise = (...input) => (step++ < guidedSteps ? guided : alone)(...input);
    const draw = async (stream: number, step: number) =>
      constrainNoise(await drawNormal(gpu, shape, { seed, stream, step }), shape, rules);
    const noise = await draw(RANDOM_STREAMS.sample, index);
    return await SAMPLERS[config.sampler](noise, constrainPrediction(predict, shape, rules), {
      schedule,
      steps,
      drawNoise: (step) => draw(RANDOM_STREAMS.sampleStep, index * MAX_STEPS + step),
      ...defined({ timesteps: config.timesteps ?? undefined, signal }),
    });
  };
  const samples: Sample[] = [];
  while (samples.length < count) {
    const first = samples.length;
    const drawn = isPaired
      ? await inGroup(
        Math.min(2, count - first),
        counted(byPrompt(denoiser, shape)),
        (index, alone) => sample(first + index, alone),
      )
      : [await sample(first, counted(guide(denoiser, shape, 1)))];
    for (const latents of drawn) samples.push({ image: await decode(latents), latents });
  }
  return samples;
}

/** Draws the samples of a group at the same time. */
async function inGroup(
  count: number,
  predict: PredictNoise,
  sample: (index: number, alone: PredictNoise) => Promise<Float32Array>,
): Promise<Float32Array[]> {
  const group = new SampleGroup(count, predict);
  const results = await Promise.allSettled(
    Array.from({ length: count }, async (_, index) => {
      try {
        return await sample(index, group.predictorOf(index));
      } catch (error) {
        group.fail(error);
        throw error;
      }
    }),
  );
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

/**
 * Predicts for one sample, or for as many as the denoiser has rows, by the prompt alone.
 *
 * @param shape Shape of the latents of one sample, [1, C, h, w].
 */
function byPrompt(denoiser: Denoiser, shape: readonly number[]): PredictNoise {
  const batch = [denoiser.rows, ...shape.slice(1)];
  return async (latents, timestep, alpha) => {
    const data = new Float32Array(shapeSize(batch));
    data.set(latents);
    const noise = await denoiser.predictByPrompt({ data, shape: batch }, timestep, alpha);
    return noise.subarray(0, latents.length);
  };
}

/**
 * Combines the rows of a denoiser into one prediction by classifier-free guidance. Without guidance
 * it is that of the prompt.
 *
 * @param shape Shape of the latents, [1, C, h, w].
 * @param control Images of the ControlNets. Default: the ControlNets do not run.
 */
export function guide(
  denoiser: Denoiser,
  shape: readonly number[],
  guidanceScale: number,
  control?: ControlImages,
): PredictNoise {
  const { rows } = denoiser;
  return async (latents, timestep, alpha) => {
    const size = latents.length;
    const data = new Float32Array(rows * size);
    for (let row = 0; row < rows; row++) data.set(latents, row * size);
    const noisy = { data, shape: [rows, ...shape.slice(1)] };
    const noise = await denoiser.predictHost(noisy, timestep, control, alpha);
    if (rows === 1) return noise;
    const [negative, prompt] = [noise.subarray(0, size), noise.slice(size)];
    if (!isGuided(guidanceScale)) return prompt;
    return prompt.map((value, i) => negative[i]! + guidanceScale * (value - negative[i]!));
  };
}
