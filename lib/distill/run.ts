import type { RunConfig } from "../../config/run_config.ts";
import type { GeneratorStatistics } from "../generator/generator_statistics.ts";
import type { LatentDecoder } from "../guidance/latent_decoder.ts";
import { Image, type ImageSize } from "../image/image.ts";
import { imageFromPlanes } from "../image/image_planes.ts";
import type { Runtime } from "../onnx/runtime/session.ts";
import type { Palette } from "../palette/palette.ts";
import type { RunCheckpoint } from "../run/checkpoint.ts";
import type { RunPicture } from "../run/run_picture.ts";
import type { StepReport } from "../run/step_report.ts";
import { makeStep, type StepParts } from "./distill_step.ts";
import type { References } from "./draw_references.ts";
import { scorePicture } from "./score_picture.ts";
import type { StartState } from "./start_state.ts";

/** What the last step worked with, for who wants to see it. */
export interface StepViews {
  /** Palette index of each pixel, the likeliest one with the noise of the step, shape [H, W]. */
  readonly indices: Uint32Array;
  /** The mixture of colors with the noise and temperature of the step, shape [H, W, 3]. */
  readonly mixture: Float32Array;
  /** What the teacher saw: the picture enlarged and changed at random. */
  readonly augmented: Image;
  /** Gradient with respect to the latents of what the teacher saw. */
  readonly gradLatents: { readonly data: Float32Array; readonly shape: readonly number[] };
}

/** A run that is ready: a picture and what changes it. Who creates it disposes of it. */
export interface Run extends AsyncDisposable {
  /** What the user asked. */
  readonly config: RunConfig;
  /** The palette of the picture: that of the config, or one made of the image. */
  readonly palette: Palette;
  /** Size of the picture. */
  readonly size: ImageSize;
  /** Size of the image that the teacher sees. */
  readonly teacherSize: ImageSize;
  /** What runs the networks. */
  readonly runtime: Runtime;
  /** Name of the WebGPU adapter. */
  readonly adapterName: string;
  /** Step after which it goes on; 0 for a new run. */
  readonly startStep: number;
  /** Steps done. */
  readonly step: number;
  /** Images that the teacher judged or drew up to now. */
  readonly evaluations: number;
  /** The image that it began with; undefined for noise, and where it goes on without one. */
  readonly startImage: Image | undefined;
  /** The images that the teacher drew to begin with one of them; undefined if it drew none. */
  readonly references: References | undefined;
  /**
   * The images that ControlNets follow, by kind: "canny" is white edges on black, "depth" is white
   * where it is near. None if none act.
   */
  readonly controlImages: Readonly<Record<string, Image>>;
  /**
   * Makes one step more; `distill` calls it.
   *
   * @throws {TypeError} If a step is being made.
   */
  makeStep(): Promise<StepReport>;
  /** Reads the picture so far: the likeliest color of each pixel. */
  image(): Promise<Image>;
  /** Reads the picture so far as palette indices and as a mixture of colors. */
  picture(): Promise<RunPicture>;
  /** Measures how decided the picture is so far. */
  statistics(): Promise<GeneratorStatistics>;
  /** Measures how undecided each pixel is so far: its entropy in nats, shape [H, W]. */
  entropy(): Promise<Float32Array>;
  /**
   * Reads what the last step worked with; it is there until the next step, and costs nothing
   * unless this is called.
   *
   * @throws {TypeError} If no step was made since the run was created, or one is being made.
   */
  stepViews(): Promise<StepViews>;
  /**
   * Decodes the gradient at the latents of the last step as if it were latents itself, as SD-piXL
   * does: gray where the teacher wants no change, else the color from which it pulls the picture
   * away, and its shapes. The decoder of the teacher's autoencoder is loaded by the first call and
   * freed with the run; see `decodesGradient` of the inputs. No step is made meanwhile.
   *
   * @returns An opaque image of the teacher's size.
   * @throws {TypeError} If no step was made since the run was created, or one is being made.
   */
  gradientImage(): Promise<Image>;
  /**
   * Measures how well the picture so far (the likeliest colors, enlarged) fits the prompt in the
   * eyes of the teacher: noise is added to it at two times, and the score is the logarithm of the mean
   * squared error of the noise that the teacher predicts with the prompt, times -1.
   *
   * Scores of one teacher, teacher's size and prompt compare, whatever the seed and the palette:
   * all get the same noise. It changes nothing of the run, and its two evaluations are not counted.
   *
   * Source: Ho et al. 2020, https://arxiv.org/abs/2006.11239, Eq. 12; Li et al. 2023,
   * https://arxiv.org/abs/2303.16203.
   *
   * @returns The greater, the better.
   * @throws {TypeError} If a step is being made.
   */
  score(options?: { readonly signal?: AbortSignal }): Promise<number>;
  /** Reads all that is needed to go on later, bit for bit on the same adapter. */
  checkpoint(): Promise<RunCheckpoint>;
}

/** What a run is made of. */
export interface RunParts extends StepParts {
  /** What it begins with. */
  readonly start: StartState;
  /** Loads the decoder of the teacher's autoencoder; the caller disposes of it. */
  readonly loadDecoder: () => Promise<LatentDecoder>;
  /** Frees all of it. */
  readonly owned: AsyncDisposableStack;
}

/** The one kind of run. */
export class OwningRun implements Run {
  readonly startStep: number;
  readonly #parts: RunParts;
  #step: number;
  #evaluations: number;
  #isBusy = false;
  #decoder: Promise<LatentDecoder> | undefined;

  /** Takes over what it is made of. */
  constructor(parts: RunParts) {
    this.#parts = parts;
    this.startStep = this.#step = parts.start.step;
    this.#evaluations = parts.start.evaluations;
  }

  get config(): RunConfig {
    return this.#parts.config;
  }

  get palette(): Palette {
    return this.#parts.start.palette;
  }

  get size(): ImageSize {
    return this.#parts.generator.size;
  }

  get teacherSize(): ImageSize {
    return this.#parts.teacherSize;
  }

  get runtime(): Runtime {
    return this.#parts.denoiser.runtime;
  }

  get adapterName(): string {
    return this.#parts.gpu.adapterName;
  }

  get step(): number {
    return this.#step;
  }

  get evaluations(): number {
    return this.#evaluations;
  }

  get startImage(): Image | undefined {
    return this.#parts.start.image;
  }

  get references(): References | undefined {
    return this.#parts.start.references;
  }

  get controlImages(): Readonly<Record<string, Image>> {
    return this.#parts.control?.pictures ?? {};
  }

  async makeStep(): Promise<StepReport> {
    if (this.#isBusy) {
      throw new TypeError("Cannot make a step: the one before it, or a score, is not done");
    }
    this.#isBusy = true;
    try {
      const outcome = await makeStep(this.#parts, this.#step + 1);
      this.#step++;
      this.#evaluations += this.config.training.gradientAccumulationSteps;
      return {
        ...outcome,
        step: this.#step,
        steps: this.config.training.steps,
        evaluations: this.#evaluations,
        image: () => this.image(),
      };
    } finally {
      this.#isBusy = false;
    }
  }

  async image(): Promise<Image> {
    const indices = await this.#parts.generator.argmax(this.config.generator);
    return Image.fromIndices(this.size, indices, this.palette.colors);
  }

  async picture(): Promise<RunPicture> {
    const { generator } = this.#parts;
    const [indices, softmax] = await Promise.all([
      generator.argmax(this.config.generator),
      generator.softmax(),
    ]);
    return { ...this.size, palette: this.palette, indices, softmax };
  }

  async statistics(): Promise<GeneratorStatistics> {
    return await this.#parts.generator.statistics();
  }

  async entropy(): Promise<Float32Array> {
    const { entropy } = await this.#parts.generator.pixelStatistics();
    return entropy;
  }

  async stepViews(): Promise<StepViews> {
    this.#checkStep();
    const { generator, augmenter, distillation } = this.#parts;
    const { gradLatents } = distillation;
    const [made, planes, data] = await Promise.all([
      generator.lastForward(),
      augmenter.image.read(),
      gradLatents.read(),
    ]);
    return {
      ...made,
      augmented: imageFromPlanes(planes, augmenter.image.shape),
      gradLatents: { data, shape: gradLatents.shape },
    };
  }

  async gradientImage(): Promise<Image> {
    this.#checkStep();
    this.#isBusy = true;
    try {
      const { distillation, loadDecoder, owned } = this.#parts;
      this.#decoder ??= loadDecoder().then((decoder) => owned.use(decoder));
      return await (await this.#decoder).decode(await distillation.gradLatents.read());
    } finally {
      this.#isBusy = false;
    }
  }

  async score(options: { readonly signal?: AbortSignal } = {}): Promise<number> {
    if (this.#isBusy) throw new TypeError("Cannot score the picture: a step is being made");
    this.#isBusy = true;
    try {
      return await scorePicture(this.#parts, options);
    } finally {
      this.#isBusy = false;
    }
  }

  async checkpoint(): Promise<RunCheckpoint> {
    const { config, generator, optimizer } = this.#parts;
    const [step, evaluations] = [this.#step, this.#evaluations];
    const [logits, state] = await Promise.all([generator.logits.read(), optimizer.readState()]);
    return {
      name: `step ${step}`,
      ...this.size,
      ...{ step, evaluations, seed: config.seed, palette: this.palette, logits },
      optimizerStep: state.step,
      moment1: state.moment1,
      moment2: state.moment2,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.owned.disposeAsync();
  }

  /** Checks that there is a step that is done. */
  #checkStep(): void {
    if (!this.#isBusy && this.#step !== this.startStep) return;
    const found = this.#isBusy ? "one that is being made" : "none";
    throw new TypeError(`Cannot read what a step worked with: expected a step, got ${found}`);
  }
}
