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
import { encodeGumbel, encodeNormal } from "../../kernels/random/philox.ts";
import type { PhiloxKey } from "../../kernels/random/philox.ts";
import type { ImageSize } from "../image/image.ts";
import { countClasses, type GeneratorClasses } from "./generator_classes.ts";
import {
  type GeneratorStatistics,
  type PixelStatistics,
  summarizeStatistics,
} from "./generator_statistics.ts";

/** Logits that begin as normal noise of one norm at each pixel: `std` times the root of K. */
export interface NoiseLogits {
  /** Standard deviation, 0 or more. */
  readonly std: number;
  /** The noise. */
  readonly draw: PhiloxKey;
}

/** What {@linkcode PixelGenerator} is made of. */
export interface PixelGeneratorOptions {
  /** What the pixels are chosen from; K classes. */
  readonly classes: GeneratorClasses;
  /** Size of the picture. */
  readonly size: ImageSize;
  /** Logits to begin with: values of shape [H, W, K], or noise. */
  readonly logits: Float32Array | NoiseLogits;
}

/** How logits become an image. */
export interface ForwardOptions {
  /** Temperature, greater than 0: logits and noise are divided by it. */
  readonly tau: number;
  /** Gumbel noise that is added to the logits; left out, there is none. */
  readonly gumbelNoise?: PhiloxKey | undefined;
  /** Mixes colors by their probabilities; false takes the likeliest, straight-through. */
  readonly smooth: boolean;
}

/** What a forward made of the logits, with its noise and temperature. */
export interface ForwardPicture {
  /** The likeliest class of each pixel, the first one on ties, shape [H, W]. */
  readonly indices: Uint32Array<ArrayBuffer>;
  /** The mix of colors by their probabilities: sRGB in [0, 1], shape [H, W, 3]. */
  readonly mixture: Float32Array<ArrayBuffer>;
}

/**
 * The picture that is optimized: a probability for each class at each pixel.
 *
 * Source: Binninger & Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236, and
 * Jang et al. 2017, https://arxiv.org/abs/1611.01144, Eq. 2 and "Straight-Through".
 */
export class PixelGenerator implements Disposable {
  /** What the pixels are chosen from. */
  readonly classes: GeneratorClasses;
  /** Size of the picture. */
  readonly size: ImageSize;
  /** What is optimized, shape [H, W, K]. */
  readonly logits: GpuTensor;
  /** What the last forward gave: sRGB in [0, 1], shape [H, W, 3]. */
  readonly image: GpuTensor;
  /** What the last backward gave, shape [H, W, K]. */
  readonly gradLogits: GpuTensor;
  readonly #gpu: Gpu;
  readonly #palette: GpuTensor;
  readonly #probs: GpuTensor;
  /** Noise, then one-hot probabilities of a forward; gradient of probabilities of a backward. */
  readonly #scratch: GpuTensor;
  readonly #owned: DisposableStack;
  #tau: number | undefined;

  /**
   * Creates a generator, and its logits on the GPU.
   *
   * @throws {RangeError} If the logits are of another size, or larger than the adapter allows.
   */
  constructor(gpu: Gpu, { classes, size, logits }: PixelGeneratorOptions) {
    using owned = new DisposableStack();
    const count = countClasses(classes);
    const { height, width } = size;
    const own = (label: string, side: number) =>
      owned.use(GpuTensor.zeros(gpu, [height, width, side], label));
    this.#gpu = gpu;
    this.classes = classes;
    this.size = size;
    this.logits = logits instanceof Float32Array
      ? owned.use(GpuTensor.from(gpu, logits, [height, width, count], "logits"))
      : own("logits", count);
    this.image = own("image", 3);
    this.gradLogits = own("gradient of logits", count);
    this.#probs = own("probabilities", count);
    this.#scratch = own("generator scratch", count);
    const colors = classes.palette.toFloats();
    this.#palette = owned.use(GpuTensor.from(gpu, colors, [count, 3], "palette"));
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
      palette: this.#palette,
      image: this.image,
    });
    this.#tau = tau;
  }

  /**
   * Records `gradLogits` of the last forward.
   *
   * @param gradImage Gradient with respect to `image`, shape [H, W, 3].
   * @throws {TypeError} If there was no forward.
   */
  backward(pass: Pass, gradImage: GpuTensor): void {
    if (this.#tau === undefined) {
      throw new TypeError("Cannot record the backward of the generator: there was no forward");
    }
    const gradProbs = this.#scratch;
    encodeMixPaletteBackward(pass, { gradImage, palette: this.#palette, gradProbs });
    encodeSoftmaxBackward(
      pass,
      { probs: this.#probs, gradProbs, gradLogits: this.gradLogits },
      { tau: this.#tau },
    );
  }

  /** Records subtracting the mean of the logits of each pixel; after each optimizer step. */
  centerLogits(pass: Pass): void {
    encodeCenterLogits(pass, { logits: this.logits });
  }

  /**
   * Reads the likeliest class of each pixel, the first one on ties, shape [H, W].
   *
   * @param options.orphanMargin As of the config: stray pixels give way to their neighbors.
   *   Default: 0, they do not.
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

  /** Reads the mix of colors without noise at tau 1: sRGB in [0, 1], shape [H, W, 3]. */
  async softmax(): Promise<Float32Array<ArrayBuffer>> {
    using probs = GpuTensor.zeros(this.#gpu, this.logits.shape, "probabilities, reading");
    using image = GpuTensor.zeros(this.#gpu, this.image.shape, "image, reading");
    this.#gpu.submit((pass) => {
      encodeSoftmax(pass, { logits: this.logits, probs }, { tau: 1 });
      encodeMixPalette(pass, { probs, palette: this.#palette, image });
    });
    return await image.read();
  }

  /**
   * Reads what the last forward made, whether or not the logits have changed since.
   *
   * @throws {TypeError} If there was no forward.
   */
  async lastForward(): Promise<ForwardPicture> {
    if (this.#tau === undefined) {
      throw new TypeError("Cannot read the last forward of the generator: there was none");
    }
    const { height, width } = this.size;
    using indices = GpuTensor.zeros(this.#gpu, [height, width], "indices", "u32");
    using image = GpuTensor.zeros(this.#gpu, this.image.shape, "image, reading");
    this.#gpu.submit((pass) => {
      // The likeliest class has the greatest probability as well as the greatest logit.
      encodeArgmax(pass, { logits: this.#probs, indices });
      encodeMixPalette(pass, { probs: this.#probs, palette: this.#palette, image });
    });
    const [classes, mixture] = await Promise.all([indices.readU32(), image.read()]);
    return { indices: classes, mixture };
  }

  /** Reads how decided the picture is, as means over its pixels, without noise at tau 1. */
  async statistics(): Promise<GeneratorStatistics> {
    return summarizeStatistics(await this.pixelStatistics(), countClasses(this.classes));
  }

  /** Reads how decided each pixel is, without noise at tau 1. */
  async pixelStatistics(): Promise<PixelStatistics> {
    const { height, width } = this.size;
    using stack = new DisposableStack();
    const own = (label: string, shape: readonly number[]) =>
      stack.use(GpuTensor.zeros(this.#gpu, shape, label));
    const probs = own("probabilities, reading", this.logits.shape);
    const variance = own("variance", [height, width]);
    const entropy = own("entropy", [height, width]);
    const maxProbability = own("greatest probability", [height, width]);
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

  /** Frees all that it owns. */
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
