import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { encodeAddScaled } from "../../kernels/optimizer/add_scaled.ts";
import {
  type Conditioning,
  conditioningFeeds,
  repeatPrompt,
} from "../conditioning/family/model_family.ts";
import type { TeacherFolder } from "../conditioning/teacher_folder.ts";
import type { ImageSize } from "../image/image.ts";
import type { NetworkPrecision } from "../onnx/runtime/network_precision.ts";
import { type DeviceTensor, toRuntime } from "../onnx/runtime/device_tensor.ts";
import type { HostTensor, Runtime, SessionLoader } from "../onnx/runtime/session.ts";
import {
  type ControlImages,
  type ControlnetChoice,
  ControlnetResiduals,
} from "./controlnet_residuals.ts";
import { LoadedUnet } from "./loaded_unet.ts";
import type { NoiseSchedule } from "./noise_schedule.ts";
import { type NoiseFactors, noiseFactors } from "./noise_factors.ts";
import { floatsOf } from "../onnx/runtime/float_tensor.ts";

/** Parts of a denoiser; all of them are borrowed. */
export interface DenoiserParts {
  /** Loads the networks. */
  readonly sessions: SessionLoader;
  /** The teacher. */
  readonly teacher: TeacherFolder;
  /** Its schedule. */
  readonly schedule: NoiseSchedule;
  /** Encoded prompts; their number of rows R is that of the batch. */
  readonly prompts: Conditioning;
}

/** Options of {@linkcode Denoiser.create}. */
export interface DenoiserOptions extends NetworkPrecision {
  /** Size of the teacher's image, in pixels. Default: the native size. */
  readonly size?: ImageSize;
  /** ControlNets that may run. Default: none. */
  readonly controlnets?: readonly ControlnetChoice[];
  /** Share of diffusion time at which ControlNets start, in [0, 1]. Default: 0. */
  readonly controlGuidanceStart?: number;
  /** Share of diffusion time before which ControlNets end, in [0, 1]. Default: 1. */
  readonly controlGuidanceEnd?: number;
}

/** The range of diffusion time in which ControlNets run, in shares. */
interface ControlRange {
  readonly start: number;
  readonly end: number;
}

/**
 * A teacher's UNet with its ControlNets and prompts: predicts the noise in latents.
 *
 * The rows of the batch are those of the prompts: [negative, prompt], or the prompt alone.
 */
export class Denoiser implements AsyncDisposable {
  /** Rows of the batch, R: 1 or 2. */
  readonly rows: number;
  /** Size of the latents. */
  readonly latentSize: ImageSize;
  /** What runs the networks. */
  readonly runtime: Runtime;
  readonly #gpu: Gpu;
  readonly #schedule: NoiseSchedule;
  readonly #unet: LoadedUnet;
  readonly #controlnets: ControlnetResiduals;
  readonly #controlRange: ControlRange;
  readonly #owned: AsyncDisposableStack;
  readonly #prompts: Conditioning;
  #promptAlone: Readonly<Record<string, DeviceTensor>> | undefined;

  private constructor(
    gpu: Gpu,
    parts: {
      readonly schedule: NoiseSchedule;
      readonly unet: LoadedUnet;
      readonly controlnets: ControlnetResiduals;
      readonly latentSize: ImageSize;
      readonly prompts: Conditioning;
      readonly rows: number;
      readonly owned: AsyncDisposableStack;
    },
    controlRange: ControlRange,
  ) {
    this.#gpu = gpu;
    this.#schedule = parts.schedule;
    this.#unet = parts.unet;
    this.#controlnets = parts.controlnets;
    this.#owned = parts.owned;
    this.#prompts = parts.prompts;
    this.#controlRange = controlRange;
    this.rows = parts.rows;
    this.latentSize = parts.latentSize;
    this.runtime = parts.unet.session.runtime;
  }

  /**
   * Loads the UNet, and the ControlNets whose scale is above 0.
   *
   * @throws {TeacherFolderError} If the teacher has no such ControlNet.
   */
  static async create(
    gpu: Gpu,
    { sessions, teacher, schedule, prompts }: DenoiserParts,
    options: DenoiserOptions = {},
  ): Promise<Denoiser> {
    const { size = teacher.imageSize, controlnets: choices = [] } = options;
    const [rows, promptLength] = prompts.states.shape as [number, number];
    const latentSize = teacher.latentSize(size);
    const { height, width } = latentSize;
    const graphOptions = { ...options, batch: rows, height, width, promptLength };
    await using cleanup = new AsyncDisposableStack();
    const controlnets = cleanup.use(
      await ControlnetResiduals.create(gpu, { sessions, teacher, choices }, graphOptions),
    );
    const constants = conditioningFeeds(prompts);
    const unet = cleanup.use(
      await LoadedUnet.create(gpu, { sessions, teacher, constants }, {
        ...graphOptions,
        residuals: !controlnets.isEmpty,
      }),
    );
    const { controlGuidanceStart: start = 0, controlGuidanceEnd: end = 1 } = options;
    const owned = cleanup.move();
    return new Denoiser(
      gpu,
      { schedule, unet, controlnets, latentSize, prompts, rows, owned },
      { start, end },
    );
  }

  /**
   * Predicts the noise in latents.
   *
   * @param latents Noisy latents, shape [R, 4, h, w], on the GPU or in host memory.
   * @param timestep Diffusion time in [0, T).
   * @returns The noise, shape [R, 4, h, w]; the caller owns it.
   */
  async predict(
    latents: DeviceTensor,
    timestep: number,
    control?: ControlImages,
  ): Promise<GpuTensor> {
    const output = await this.#run(latents, timestep, control);
    if (output instanceof GpuTensor) return output;
    return GpuTensor.from(this.#gpu, floatsOf(output), output.shape, "noise_pred");
  }

  /**
   * Predicts the noise in latents in host memory; as {@linkcode predict}.
   *
   * @param alpha Share of the signal in the variance of the latents. Default: that of the timestep.
   */
  async predictHost(
    latents: HostTensor,
    timestep: number,
    control?: ControlImages,
    alpha?: number,
  ): Promise<Float32Array> {
    const output = await this.#run(latents, timestep, control, alpha);
    if (!(output instanceof GpuTensor)) return floatsOf(output);
    using noisePred = output;
    return await noisePred.read();
  }

  /**
   * Predicts the noise in latents by the prompt in every row, such as of R samples at once. No
   * ControlNet runs.
   *
   * @param latents Noisy latents, shape [R, 4, h, w].
   * @param alpha As of {@linkcode predictHost}.
   * @returns The noise, same shape.
   */
  async predictByPrompt(
    latents: HostTensor,
    timestep: number,
    alpha?: number,
  ): Promise<Float32Array> {
    this.#promptAlone ??= this.#unet.place(conditioningFeeds(repeatPrompt(this.#prompts)));
    const output = await this.#run(latents, timestep, undefined, alpha, this.#promptAlone);
    if (!(output instanceof GpuTensor)) return floatsOf(output);
    using noisePred = output;
    return await noisePred.read();
  }

  /**
   * Whether ControlNets run at a timestep.
   *
   * Its share of diffusion time is 1 - (t + 1) / T: 0 at the last timestep, and just below 1 at
   * timestep 0. ControlNets run where start <= share < end.
   */
  isControlled(timestep: number): boolean {
    if (this.#controlnets.isEmpty) return false;
    const { size } = this.#schedule;
    // This order of operations rounds like the decimal fractions of a config.
    const share = (size - 1 - timestep) / size;
    return share >= this.#controlRange.start && share < this.#controlRange.end;
  }

  /** Frees the networks. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #run(
    latents: DeviceTensor,
    timestep: number,
    control: ControlImages | undefined,
    alpha = this.#schedule.alphaAt(timestep),
    constants = this.#unet.constants,
  ): Promise<DeviceTensor> {
    const sample = await toRuntime(this.runtime, latents);
    const feeds: Record<string, DeviceTensor> = {
      ...constants,
      sample,
      timestep: { data: Float32Array.of(timestep), shape: [1] },
    };
    using residuals = control && this.isControlled(timestep)
      ? await this.#controlnets.compute(feeds, control)
      : undefined;
    const output = await this.#unet.run(feeds, residuals?.feeds);
    const { predictionType } = this.#schedule;
    if (predictionType === "epsilon") return output;
    return this.#toNoise(
      { output, sample },
      noiseFactors(predictionType, alpha),
    );
  }

  /** Returns output * factors.output + sample * factors.sample. */
  #toNoise(
    { output, sample }: Readonly<Record<keyof NoiseFactors, DeviceTensor>>,
    factors: NoiseFactors,
  ): DeviceTensor {
    if (output instanceof GpuTensor && sample instanceof GpuTensor) {
      using prediction = output;
      const noise = GpuTensor.zeros(this.#gpu, output.shape, "noise_pred");
      this.#gpu.submit((pass) => {
        encodeAddScaled(pass, { x: prediction, y: noise }, { scale: factors.output });
        encodeAddScaled(pass, { x: sample, y: noise }, { scale: factors.sample });
      });
      return noise;
    }
    const [predicted, latents] = [floatsOf(output as HostTensor), floatsOf(sample as HostTensor)];
    const data = predicted.map((value, i) => factors.output * value + factors.sample * latents[i]!);
    return { data, shape: output.shape };
  }
}
