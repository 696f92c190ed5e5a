import type { RunConfig } from "../../config/run_config.ts";
import type { GeneratorStatistics } from "../generator/generator_statistics.ts";
import type { LatentDecoder } from "../guidance/latent_decoder.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { imageOf } from "../sprite/formats/png_sprite.ts";
import type { Runtime } from "../onnx/runtime/session.ts";
import type { Palette } from "../palette/palette.ts";
import { withoutTransparentClass } from "../palette/transparent_class.ts";
import type { RunCheckpoint } from "../run/checkpoint.ts";
import type { RunPicture } from "../run/run_picture.ts";
import type { StepReport } from "../run/step_report.ts";
import { applyRules } from "./apply_rules.ts";
import { makeStep, type StepOutcome, type StepParts } from "./distill_step.ts";
import { finishedIndices } from "./first_picture.ts";
import { checkpointOf, type PictureEdit } from "./picture_edit.ts";
import type { Run } from "./run.ts";
import type { References } from "./sample_references.ts";
import { scorePicture } from "./score_picture.ts";
import type { StartState } from "./start_state.ts";
import { GradientDecoder, readStepViews, type StepViews } from "./step_views.ts";

/** Parts of a run. */
export interface RunParts extends StepParts {
  /** State from which the run starts or resumes. */
  readonly start: StartState;
  /** Which pixels show the opaque part of the input image, shape [H, W]. */
  readonly mask: Uint8Array | undefined;
  /** Edits the picture in the first steps; undefined if that is done, or not asked for. */
  readonly edit: PictureEdit | undefined;
  /** Returns the logits that show an edited picture, shape [H, W, K]. */
  readonly logitsOf: (picture: Image) => Float32Array<ArrayBuffer>;
  /** Called with what the user should know, a sentence each. */
  readonly onNote: (message: string) => void;
  /** Loads the decoder of the teacher's autoencoder; the caller disposes of it. */
  readonly loadDecoder: () => Promise<LatentDecoder>;
  /** Frees all of it. */
  readonly owned: AsyncDisposableStack;
}

/** A run: edits of the picture, then score distillation. It owns its parts. */
export class DistillRun implements Run {
  readonly startStep: number;
  readonly #parts: RunParts;
  readonly #gradients: GradientDecoder;
  #step: number;
  #teacherCalls: number;
  #isBusy = false;

  /** Takes the ownership of its parts. */
  constructor(parts: RunParts) {
    this.#parts = parts;
    this.startStep = this.#step = parts.start.step;
    this.#teacherCalls = parts.start.teacherCalls;
    const { loadDecoder, owned } = parts;
    this.#gradients = new GradientDecoder(async () => owned.use(await loadDecoder()));
  }

  get config(): RunConfig {
    return this.#parts.config;
  }

  get palette(): Palette {
    const { palette } = this.#parts.start;
    return this.config.generator.transparent ? withoutTransparentClass(palette) : palette;
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

  get steps(): number {
    return this.#parts.start.editSteps + this.config.training.steps;
  }

  get step(): number {
    return this.#step;
  }

  get teacherCalls(): number {
    return this.#teacherCalls;
  }

  get startImage(): Image | undefined {
    return this.#parts.start.image;
  }

  get inputMask(): Uint8Array | undefined {
    return this.#parts.mask;
  }

  get references(): References | undefined {
    return this.#parts.start.references;
  }

  get controlImages(): Readonly<Record<string, Image>> {
    return this.#parts.control?.images ?? {};
  }

  async makeStep(): Promise<StepReport> {
    return await this.#exclusively("make a step", async () => {
      if (!this.#isEditing && this.config.training.steps === 0) {
        // Its networks may lack the row of the negative prompt.
        throw new TypeError("Cannot make a step: expected training.steps above 0, got 0");
      }
      const outcome = this.#isEditing ? await this.#makeEditStep() : await this.#makeDistillStep();
      this.#step++;
      return {
        ...outcome,
        step: this.#step,
        steps: this.steps,
        teacherCalls: this.#teacherCalls,
        image: () => this.image(),
      };
    });
  }

  /** Whether the next step edits the picture. */
  get #isEditing(): boolean {
    return this.#step < this.#parts.start.editSteps;
  }

  async #makeEditStep(): Promise<StepOutcome> {
    const { edit, generator, logitsOf, onNote } = this.#parts;
    const { timestep, picture, teacherCalls, choice } = await edit!.makeStep();
    this.#teacherCalls += teacherCalls;
    generator.logits.write(logitsOf(picture));
    if (choice) onNote(choice.note);
    return { stage: "edit", losses: {}, gradNorm: 0, isApplied: true, learningRate: 0, timestep };
  }

  async #makeDistillStep(): Promise<StepOutcome> {
    const { generator, start: { rules, editSteps } } = this.#parts;
    const before = rules?.importance && await generator.logits.read();
    const outcome = await makeStep(this.#parts, this.#step + 1 - editSteps);
    this.#teacherCalls += this.config.training.gradientAccumulationSteps;
    await applyRules(generator, rules, before);
    return outcome;
  }

  async image(): Promise<Image> {
    const indices = await this.#indices();
    return imageOf({ ...this.size, palette: this.palette, indices });
  }

  async picture(): Promise<RunPicture> {
    const { generator } = this.#parts;
    const [indices, softmax] = await Promise.all([
      this.#indices(),
      generator.softmax(),
    ]);
    return { ...this.size, palette: this.palette, indices, softmax };
  }

  /** Reads the palette index of each pixel of the finished picture. */
  async #indices(): Promise<Uint32Array> {
    const { config, palette } = this;
    const { generator, start: { rules } } = this.#parts;
    return await finishedIndices(generator, { config, palette, rules });
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
    return await readStepViews(this.#parts);
  }

  async gradientImage(): Promise<Image> {
    this.#checkStep();
    return await this.#exclusively(
      "decode a gradient",
      () => this.#gradients.decode(this.#parts),
    );
  }

  async score(options: { readonly signal?: AbortSignal } = {}): Promise<number> {
    return await this.#exclusively(
      "score the picture",
      () => scorePicture(this.#parts, options),
    );
  }

  async checkpoint(): Promise<RunCheckpoint> {
    const { config: { seed }, generator, optimizer, edit, start: { editSteps } } = this.#parts;
    const [step, teacherCalls] = [this.#step, this.#teacherCalls];
    const [logits, state] = await Promise.all([generator.logits.read(), optimizer.readState()]);
    const { step: optimizerStep, moment1, moment2 } = state;
    return {
      ...this.size,
      name: `step ${step}`,
      step,
      editSteps,
      edit: edit && step < editSteps
        ? checkpointOf(edit.progress, this.#parts.start.palette)
        : undefined,
      optimizerStep,
      teacherCalls,
      seed,
      palette: this.#parts.start.palette,
      logits,
      moment1,
      moment2,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.owned.disposeAsync();
  }

  /** Makes a call that uses the networks; a second one meanwhile is refused. */
  async #exclusively<T>(what: string, call: () => Promise<T>): Promise<T> {
    if (this.#isBusy) {
      throw new TypeError(`Cannot ${what}: another step, score or gradient image is not done`);
    }
    this.#isBusy = true;
    try {
      return await call();
    } finally {
      this.#isBusy = false;
    }
  }

  /** Checks that a step was made, and none is being made. */
  #checkStep(): void {
    const { editSteps } = this.#parts.start;
    if (!this.#isBusy && this.#step > Math.max(this.startStep, editSteps)) return;
    const found = this.#isBusy ? "one that is not done" : "none";
    throw new TypeError(`Cannot read the tensors of a step: expected a step, got ${found}`);
  }
}
