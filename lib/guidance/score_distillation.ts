import type { Seed } from "../../kernels/random/philox.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { encodeAddNoise } from "../../kernels/guidance/add_noise.ts";
import { encodeScoreGradient, scoreWeight } from "../../kernels/guidance/score_gradient.ts";
import { encodeGradNorm } from "../../kernels/optimizer/grad_norm.ts";
import { encodeNormal } from "../../kernels/random/philox.ts";
import type { TeacherFolder } from "../conditioning/teacher_folder.ts";
import type { ImageSize } from "../image/image.ts";
import { type DeviceTensor, toRuntime } from "../onnx/runtime/device_tensor.ts";
import { floatsOf } from "../onnx/runtime/float_tensor.ts";
import { GradientSession } from "../onnx/runtime/gradient_session.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { FloatType } from "../weights/float16.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { ControlImages } from "./controlnet_residuals.ts";
import type { Denoiser } from "./denoiser.ts";
import type { SettledRunConfig } from "./sampling_settings.ts";
import type { NoiseSchedule } from "./noise_schedule.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";

/** Parts of score distillation; all of them are borrowed. */
export interface ScoreDistillationParts {
  /** Loads the autoencoder's encoder. */
  readonly sessions: SessionLoader;
  /** The teacher. */
  readonly teacher: TeacherFolder;
  /** Its schedule. */
  readonly schedule: NoiseSchedule;
  /** Its UNet and ControlNets; it must outlive the distillation. */
  readonly denoiser: Denoiser;
}

/** Options of {@linkcode ScoreDistillation.create}. */
export interface ScoreDistillationOptions {
  /** Factors of the gradient. */
  readonly config: Pick<SettledRunConfig["sd"], "guidanceScale" | "gradScale" | "wMode">;
  /** Seed of the run. */
  readonly seed: Seed;
  /** Size of the teacher's image, in pixels; that of the denoiser. Default: the native size. */
  readonly size?: ImageSize;
  /** Precision of the encoder. Default: "float32". */
  readonly precision?: FloatType;
  /** Called with the duration of each stage of a step, in milliseconds. */
  readonly onStage?: (stage: ScoreStage, milliseconds: number) => void;
}

/**
 * A stage of a step. With the runtime "webgpu", a stage may include the GPU time of earlier ones.
 */
export type ScoreStage = "kernels" | "vaeForward" | "denoise" | "vaeBackward";

/** Options of {@linkcode ScoreDistillation.step}. */
export interface ScoreStepOptions {
  /** Optimizer step, from 1; the noise is drawn from it and the seed. */
  readonly step: number;
  /** Diffusion time, integer in [0, T). */
  readonly timestep: number;
  /** Images of the ControlNets. Default: the ControlNets do not run. */
  readonly control?: ControlImages | undefined;
  /** Noise, shape [1, 4, h, w]. Default: it is drawn. */
  readonly noise?: GpuTensor;
  /** Called with inner tensors of the step, which are freed after it. */
  readonly inspect?: (tensors: ScoreTensors) => Promise<void>;
}

/** Inner tensors of a step. */
export interface ScoreTensors {
  /** Scaled latents of the image, shape [1, 4, h, w]. */
  readonly latents: GpuTensor;
  /** Predicted noise, shape [R, 4, h, w]. */
  readonly noisePred: GpuTensor;
  /** Gradient with respect to the latents, shape [1, 4, h, w]. */
  readonly gradLatents: GpuTensor;
}

/** Result of a step. */
export interface ScoreStep {
  /** Gradient with respect to the image, shape [1, 3, S_H, S_W]; the caller owns it. */
  readonly gradImage: GpuTensor;
  /**
   * Reads the loss of SD-piXL: half the squared norm of the gradient with respect to the latents.
   * Call it before the next step.
   */
  readLoss(): Promise<number>;
}

/**
 * Score distillation: computes the gradient of an image from the score of a teacher.
 *
 * Source: Poole et al. 2022, https://arxiv.org/abs/2209.14988, Eq. 3; in latents as Binninger &
 * Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236.
 */
export class ScoreDistillation implements AsyncDisposable {
  readonly #gpu: Gpu;
  readonly #schedule: NoiseSchedule;
  readonly #denoiser: Denoiser;
  readonly #options: ScoreDistillationOptions;
  readonly #encoder: GradientSession;
  /** Whether the backward half of the encoder also takes the image. */
  readonly #needsImage: boolean;
  readonly #scratch: Scratch;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    gpu: Gpu,
    parts: Pick<ScoreDistillationParts, "schedule" | "denoiser"> & {
      readonly encoder: GradientSession;
      readonly needsImage: boolean;
      readonly scratch: Scratch;
      readonly owned: AsyncDisposableStack;
    },
    options: ScoreDistillationOptions,
  ) {
    this.#gpu = gpu;
    this.#schedule = parts.schedule;
    this.#denoiser = parts.denoiser;
    this.#options = options;
    this.#encoder = parts.encoder;
    this.#needsImage = parts.needsImage;
    this.#scratch = parts.scratch;
    this.#owned = parts.owned;
  }

  /** Loads the autoencoder's encoder with its gradient. */
  static async create(
    gpu: Gpu,
    { sessions, teacher, schedule, denoiser }: ScoreDistillationParts,
    options: ScoreDistillationOptions,
  ): Promise<ScoreDistillation> {
    const { size = teacher.imageSize, precision = "float32" } = options;
    const { height, width } = size;
    const { folder, subfolder } = teacher.vaeLocation;
    using weights = await StateDict.open(folder, subfolder, { prefer: precision });
    const build = (pictures: number) =>
      teacher.vae.buildEncoderGradient(weights, { batch: pictures, height, width, precision });
    const graphs = build(1);
    await using cleanup = new AsyncDisposableStack();
    const encoder = cleanup.use(await GradientSession.load(sessions, graphs, { build }));
    const needsImage = graphs.backward.inputs.some(({ name }) => name === "image");
    const scratch = cleanup.use(
      new Scratch(gpu, {
        channels: teacher.vae.latentChannels,
        latentSize: teacher.latentSize(size),
        rows: denoiser.rows,
      }),
    );
    const owned = cleanup.move();
    return new ScoreDistillation(
      gpu,
      { schedule, denoiser, encoder, needsImage, scratch, owned },
      options,
    );
  }

  /**
   * Computes the gradient of one step.
   *
   * @param image The teacher's image, shape [1, 3, S_H, S_W] in [0, 1].
   */
  async step(image: GpuTensor, options: ScoreStepOptions): Promise<ScoreStep> {
    const { timestep, control, inspect } = options;
    const { runtime } = this.#denoiser;
    const { gradLatents, gradNorm, noisy } = this.#scratch;
    const deviceImage = await this.#timed("kernels", () => toRuntime(runtime, image));
    const encoded = await this.#timed("vaeForward", () => {
      return this.#encoder.forward({ image: deviceImage });
    });
    using latents = encoded["latents"]!;
    const noise = this.#addNoise(latents, options);
    const deviceNoisy = await this.#timed("kernels", () => toRuntime(runtime, noisy));
    using noisePred = await this.#timed("denoise", () => {
      return this.#denoiser.predict(deviceNoisy, timestep, control);
    });
    this.#encodeGradient(noisePred, noise, timestep);
    await inspect?.({ latents, noisePred, gradLatents });
    const deviceGradient = await this.#timed("kernels", () => toRuntime(runtime, gradLatents));
    const made = await this.#timed("vaeBackward", () => {
      const feeds = { grad_latents: deviceGradient };
      return this.#encoder.backward(this.#needsImage ? { ...feeds, image: deviceImage } : feeds);
    });
    return {
      gradImage: made["grad_image"]!,
      readLoss: async () => (await gradNorm.read())[0]! ** 2 / 2,
    };
  }

  /**
   * Encodes an image as a step does, without a gradient.
   *
   * @param image The image, shape [1, 3, S_H, S_W] in [0, 1], on the GPU or in host memory.
   * @returns Its scaled latents, shape [1, 4, h, w].
   */
  async encode(image: DeviceTensor): Promise<Float32Array> {
    const { runtime } = this.#denoiser;
    const deviceImage = await toRuntime(runtime, image);
    if (runtime !== "webgpu" && !(deviceImage instanceof GpuTensor)) {
      const { latents } = await this.#encoder.forwardHost({ image: deviceImage });
      return floatsOf(latents!);
    }
    const encoded = await this.#encoder.forward({ image: deviceImage });
    using latents = encoded["latents"]!;
    return await latents.read();
  }

  /** Gradient of the last step with respect to the latents, shape [1, 4, h, w]; borrowed. */
  get gradLatents(): GpuTensor {
    return this.#scratch.gradLatents;
  }

  /** Frees the encoder; the denoiser is borrowed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  /** Fills the noisy latents and returns the noise in them. */
  #addNoise(latents: GpuTensor, { step, timestep, noise: given }: ScoreStepOptions): GpuTensor {
    const noise = given ?? this.#scratch.noise;
    const { noisy } = this.#scratch;
    this.#gpu.submit((pass) => {
      if (!given) {
        const { seed } = this.#options;
        encodeNormal(pass, { out: noise }, { seed, stream: RANDOM_STREAMS.noise, step });
      }
      const alphaCumprod = this.#schedule.alphaAt(timestep);
      encodeAddNoise(pass, { latents, noise, noisy }, { alphaCumprod });
    });
    return noise;
  }

  #encodeGradient(noisePred: GpuTensor, noise: GpuTensor, timestep: number): void {
    const { guidanceScale, gradScale, wMode } = this.#options.config;
    const weight = scoreWeight(this.#schedule.alphaAt(timestep), wMode);
    const { gradLatents, gradNorm } = this.#scratch;
    this.#gpu.submit((pass) => {
      encodeScoreGradient(
        pass,
        { noisePred, noise, gradLatents },
        { guidanceScale, gradScale, weight },
      );
      encodeGradNorm(pass, { grad: gradLatents, norm: gradNorm });
    });
  }

  async #timed<T>(stage: ScoreStage, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    this.#options.onStage?.(stage, performance.now() - start);
    return result;
  }
}

/** Tensors that all steps share. */
class Scratch implements Disposable {
  readonly noise: GpuTensor;
  readonly noisy: GpuTensor;
  readonly gradLatents: GpuTensor;
  readonly gradNorm: GpuTensor;
  readonly #owned: DisposableStack;

  constructor(
    gpu: Gpu,
    parts: {
      readonly channels: number;
      readonly latentSize: ImageSize;
      readonly rows: number;
    },
  ) {
    const { channels, latentSize: { height, width }, rows } = parts;
    using cleanup = new DisposableStack();
    const zeros = (batch: number, label: string) =>
      cleanup.use(GpuTensor.zeros(gpu, [batch, channels, height, width], label));
    this.noise = zeros(1, "noise");
    this.noisy = zeros(rows, "noisy latents");
    this.gradLatents = zeros(1, "gradient of latents");
    this.gradNorm = cleanup.use(GpuTensor.zeros(gpu, [1], "norm of gradient of latents"));
    this.#owned = cleanup.move();
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
