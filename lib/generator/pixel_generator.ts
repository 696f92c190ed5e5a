import { encodeArgmax } from "../../kernels/generator/argmax.ts";
import { encodeRemoveOrphans } from "../../kernels/generator/remove_orphans.ts";
import { encodeCenterLogits } from "../../kernels/generator/center_logits.ts";
import { encodeGumbelSoftmax } from "../../kernels/generator/gumbel_softmax.ts";
import { encodeMixPalette } from "../../kernels/generator/mix_palette.ts";
import { encodeMixPaletteBackward } from "../../kernels/generator/mix_palette_backward.ts";
import { encodeNormalize } from "../../kernels/generator/normalize.ts";
import { encodeSoftmax } from "../../kernels/generator/softmax.ts";
import { encodeSoftmaxBackward } from "../../kernels/generator/softmax_backward.ts";
import { encodeGeneratorStatistics } from "../../kernels/generator/generator_statistics.ts";
import { encodeStraightThrough } from "../../kernels/generator/straight_through.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Pass } from "../../kernels/gpu/pass.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { encodeGumbel, encodeNormal, type PhiloxKey } from "../../kernels/random/philox.ts";
import type { ImageSize } from "../image/image.ts";
import type { Palette } from "../palette/palette.ts";
import {
  type GeneratorStatistics,
  type PixelStatistics,
  summarizeStatistics,
} from "./generator_statistics.ts";

/** Normal noise as first logits, with the norm `std` times the square root of K at each pixel. */
export interface NoiseLogits {
  /** Standard deviation, 0 or more. */
  readonly std: number;
  /** Key of the noise. */
  readonly draw: PhiloxKey;
}

/** Options of {@linkcode PixelGenerator}. */
export interface PixelGeneratorOptions {
  /** Palette of the picture; its K colors are the classes of the pixels. */
  readonly palette: Palette;
  /** Size of the picture. */
  readonly size: ImageSize;
  /** First logits: values of shape [H, W, K], or noise. */
  readonly logits: Float32Array | NoiseLogits;
}

/** Options of {@linkcode PixelGenerator.forward}. */
export interface ForwardOptions {
  /** Temperature, greater than 0: logits and noise are divided by it. */
  readonly tau: number;
  /** Key of the Gumbel noise that is added to the logits. Default: no noise. */
  readonly gumbelNoise?: PhiloxKey | undefined;
  /** Whether colors are mixed by probability; false: the most likely one, straight-through. */
  readonly smooth: boolean;
}

/** Adds to the gradient of the class probabilities of a forward. */
export interface ClassGradient {
  /**
   * Records it.
   *
   * @param tensors `probs` and `gradProbs`, each of shape [H, W, K]; `gradProbs` accumulates.
   */
  encode(
    pass: Pass,
    tensors: { readonly probs: GpuTensor; readonly gradProbs: GpuTensor },
  ): void;
}

/** Result of a forward, with its noise and temperature. */
export interface ForwardPicture {
  /** Most likely color of each pixel, the first one on ties, shape [H, W]. */
  readonly indices: Uint32Array<ArrayBuffer>;
  /** Colors mixed by probability: sRGB in [0, 1], shape [H, W, 3]. */
  readonly mixture: Float32Array<ArrayBuffer>;
}

/**
 * The picture that is optimized: a probability of each palette color at each pixel.
 *
 * Source: Binninger & Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236, and
 * Jang et al. 2017, https://arxiv.org/abs/1611.01144, Eq. 2 and "Straight-Through".
 */
export class PixelGenerator implements Disposable {
  /** Palette of the picture. */
  readonly palette: Palette;
  /** Size of the picture. */
  readonly size: ImageSize;
  /** The optimized logits, shape [H, W, K]. */
  readonly logits: GpuTensor;
  /** Image of the last forward: sRGB in [0, 1], shape [H, W, 3]. */
  readonly image: GpuTensor;
  /** Gradient of the last backward, shape [H, W, K]. */
  readonly gradLogits: GpuTensor;
  readonly #gpu: Gpu;
  readonly #colors: GpuTensor;
  readonly #probs: GpuTensor;
  /** Noise, then one-hot probabilities of a forward; gradient of probabilities of a backward. */
  readonly #scratch: GpuTensor;
  readonly #owned: DisposableStack;
  #tau: number | undefined;

  /**
   * Creates a generator, and its logits on the GPU.
   *
   * @throws {RangeError} If the logits do not fit the size, or are larger than the adapter allows.
   */
  constructor(gpu: Gpu, { palette, size, logits }: PixelGeneratorOptions) {
    using owned = new DisposableStack();
    const count = palette.size;
    const { height, width } = size;
    const allocate = (label: string, channels: number) =>
      owned.use(GpuTensor.zeros(gpu, [height, width, channels], label));
    this.#gpu = gpu;
    this.palette = palette;
    this.size = size;
    this.logits = logits instanceof Float32Array
      ? owned.use(GpuTensor.from(gpu, logits, [height, width, count], "logits"))
      : allocate("logits", count);
    this.image = allocate("image", 3);
    this.gradLogits = allocate("gradient of logits", count);
    this.#probs = allocate("probabilities", count);
    this.#scratch = allocate("generator scratch", count);
    this.#colors = owned.use(GpuTensor.from(gpu, palette.toFloats(), [count, 3], "palette"));
    if (!(logits instanceof Float32Array)) this.#drawLogits(logits, count);
    this.#owned = owned.move();
  }

  /** Records `image` from the logits. */
  forward(pass: Pass, { tau, gumbelNoise, smooth }: ForwardOptions): void {
    const probs = this.#probs;
    if (gumbelNoise) {
      const noise = this.#scratch;
      encodeGumbel(pass, { out: noise }, gumbelNoise);
      encodeGumbelSoftmax(pass, { logits: this.logits, noise, probs }, { tau });
    } else {
      encodeSoftmax(pass, { logits: this.logits, probs }, { tau });
    }
    if (!smooth) encodeStraightThrough(pass, { probs, hard: this.#scratch });
    encodeMixPalette(pass, {
      probs: smooth ? probs : this.#scratch,
      palette: this.#colors,
      image: this.image,
    });
    this.#tau = tau;
  }

  /**
   * Records `gradLogits` of the last forward.
   *
   * @param gradImage Gradient with respect to `image`, shape [H, W, 3].
   * @param more What adds to the gradient of the probabilities, such as losses of them. They see
   *   the probabilities with the noise, also if `image` shows the most likely colors only.
   * @throws {TypeError} If there was no forward.
   */
  backward(pass: Pass, gradImage: GpuTensor, more: readonly ClassGradient[] = []): void {
    if (this.#tau === undefined) {
      throw new TypeError("Cannot record the backward of the generator: there was no forward");
    }
    const gradProbs = this.#scratch;
    encodeMixPaletteBackward(pass, { gradImage, palette: this.#colors, gradProbs });
    for (const part of more) part.encode(pass, { probs: this.#probs, gradProbs });
    encodeSoftmaxBackward(
      pass,
      { probs: this.#probs, gradProbs, gradLogits: this.gradLogits },
      { tau: this.#tau },
    );
  }

  /** Records the subtraction of the mean logit at each pixel; done after each optimizer step. */
  centerLogits(pass: Pass): void {
    encodeCenterLogits(pass, { logits: this.logits });
  }

  /**
   * Reads the most likely color of each pixel, the first one on ties, shape [H, W].
   *
   * @param options.orphanMargin As in the config: orphan pixels take a color of their neighbors.
   *   Default: 0, none does.
   */
  async argmax(
    { orphanMargin: margin = 0 }: { readonly orphanMargin?: number } = {},
  ): Promise<Uint32Array<ArrayBuffer>> {
    const { height, width } = this.size;
    const { logits } = this;
    using indices = GpuTensor.zeros(this.#gpu, [height, width], "indices", "u32");
    using cleaned = GpuTensor.zeros(this.#gpu, [height, width], "cleaned indices", "u32");
    this.#gpu.submit((pass) => {
      encodeArgmax(pass, { logits, indices });
      encodeRemoveOrphans(pass, { logits, indices, cleaned }, { margin });
    });
    return await cleaned.readU32();
  }

  /** Reads the colors mixed without noise at tau 1: sRGB in [0, 1], shape [H, W, 3]. */
  async softmax(): Promise<Float32Array<ArrayBuffer>> {
    using probs = GpuTensor.zeros(this.#gpu, this.logits.shape, "probabilities for reading");
    using image = GpuTensor.zeros(this.#gpu, this.image.shape, "image for reading");
    this.#gpu.submit((pass) => {
      encodeSoftmax(pass, { logits: this.logits, probs }, { tau: 1 });
      encodeMixPalette(pass, { probs, palette: this.#colors, image });
    });
    return await image.read();
  }

  /**
   * Reads the result of the last forward, even if the logits have changed since.
   *
   * @throws {TypeError} If there was no forward.
   */
  async lastForward(): Promise<ForwardPicture> {
    if (this.#tau === undefined) {
      throw new TypeError("Cannot read the last forward of the generator: there was none");
    }
    const { height, width } = this.size;
    using indices = GpuTensor.zeros(this.#gpu, [height, width], "indices", "u32");
    using image = GpuTensor.zeros(this.#gpu, this.image.shape, "image for reading");
    this.#gpu.submit((pass) => {
      // The highest probability has the index of the highest logit.
      encodeArgmax(pass, { logits: this.#probs, indices });
      encodeMixPalette(pass, { probs: this.#probs, palette: this.#colors, image });
    });
    const [classes, mixture] = await Promise.all([indices.readU32(), image.read()]);
    return { indices: classes, mixture };
  }

  /** Reads means of {@linkcode pixelStatistics} over all pixels. */
  async statistics(): Promise<GeneratorStatistics> {
    return summarizeStatistics(await this.pixelStatistics(), this.palette.size);
  }

  /** Reads variance, entropy and max probability of each pixel, without noise at tau 1. */
  async pixelStatistics(): Promise<PixelStatistics> {
    const { height, width } = this.size;
    using stack = new DisposableStack();
    const allocate = (label: string, shape: readonly number[]) =>
      stack.use(GpuTensor.zeros(this.#gpu, shape, label));
    const probs = allocate("probabilities for reading", this.logits.shape);
    const variance = allocate("variance", [height, width]);
    const entropy = allocate("entropy", [height, width]);
    const maxProbability = allocate("max probability", [height, width]);
    this.#gpu.submit((pass) => {
      encodeSoftmax(pass, { logits: this.logits, probs }, { tau: 1 });
      encodeGeneratorStatistics(pass, { probs, variance, entropy, maxProbability });
    });
    return {
      variance: await variance.read(),
      entropy: await entropy.read(),
      maxProbability: await maxProbability.read(),
    };
  }

  /** Frees its tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  #drawLogits({ std, draw }: NoiseLogits, count: number): void {
    const { logits } = this;
    this.#gpu.submit((pass) => {
      encodeNormal(pass, { out: logits }, draw);
      encodeCenterLogits(pass, { logits });
      encodeNormalize(pass, { logits }, { norm: std * Math.sqrt(count) });
    });
  }
}
