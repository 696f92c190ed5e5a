import type { RunConfig } from "../../config/run_config.ts";
import type { GeneratorStatistics } from "../generator/generator_statistics.ts";
import type { Image, ImageSize } from "../image/image.ts";
import type { Runtime } from "../onnx/runtime/session.ts";
import type { Palette } from "../palette/palette.ts";
import type { RunCheckpoint } from "../run/checkpoint.ts";
import type { RunPicture } from "../run/run_picture.ts";
import type { StepReport } from "../run/step_report.ts";
import type { References } from "./sample_references.ts";
import type { StepViews } from "./step_views.ts";

/** A run that is ready: a picture and what optimizes it. Its creator disposes of it. */
export interface Run extends AsyncDisposable {
  /** Config of the run, completed by a caption and by the settings of the teacher's kind. */
  readonly config: RunConfig;
  /**
   * Palette of the picture: that of the config, or one derived from the image. The transparent
   * class is not in it.
   */
  readonly palette: Palette;
  /** Size of the picture in pixels. */
  readonly size: ImageSize;
  /** Size of the teacher's image in pixels. */
  readonly teacherSize: ImageSize;
  /** Runtime of the networks. */
  readonly runtime: Runtime;
  /** Name of the WebGPU adapter. */
  readonly adapterName: string;
  /** Step after which the run resumes; 0 for a new run. */
  readonly startStep: number;
  /** Steps done. */
  readonly step: number;
  /** Total steps: those of the edits, then `training.steps` of the optimizer. */
  readonly steps: number;
  /** Teacher calls up to now (NFE), of the samples and of the steps. */
  readonly teacherCalls: number;
  /** Image from which the run started; undefined for noise, or if a resumed run needs none. */
  readonly startImage: Image | undefined;
  /**
   * Which pixels of the picture show the opaque part of the input image: 1, else 0, shape [H, W].
   * Undefined if there is no input image, or all of it is opaque.
   */
  readonly inputMask: Uint8Array | undefined;
  /** Images that the teacher sampled to start from one of them; undefined if it sampled none. */
  readonly references: References | undefined;
  /**
   * Input images of the ControlNets by kind: "canny" has white edges on black, "depth" is white
   * where it is near. Empty if no ControlNet is used.
   */
  readonly controlImages: Readonly<Record<string, Image>>;
  /**
   * Makes the next step; `distill` calls it.
   *
   * @throws {TypeError} If the run is busy with a step, a score or a gradient image, or if it has
   * no steps of distillation and all edits are done.
   */
  makeStep(): Promise<StepReport>;
  /**
   * Reads the current picture: the most likely color of each pixel. Transparent pixels have
   * alpha 0.
   */
  image(): Promise<Image>;
  /** Reads the current picture as palette indices and as mixed colors. */
  picture(): Promise<RunPicture>;
  /** Reads how certain the colors of the current picture are. */
  statistics(): Promise<GeneratorStatistics>;
  /** Reads the entropy of each pixel of the current picture in nats, shape [H, W]. */
  entropy(): Promise<Float32Array>;
  /**
   * Reads the tensors of the last optimizer step. They are there until the next step.
   *
   * @throws {TypeError} If no optimizer step was made since the run was created, or the run is
   * busy.
   */
  stepViews(): Promise<StepViews>;
  /**
   * Decodes the gradient at the latents of the last step as if it were latents, as SD-piXL does. It
   * is gray where the teacher wants no change; elsewhere it has the color that the teacher moves
   * the picture away from.
   *
   * The first call loads the decoder of the teacher's autoencoder, which is freed with the run; see
   * `decodesGradient` of the inputs.
   *
   * @returns An opaque image of the teacher's size.
   * @throws {TypeError} If no optimizer step was made since the run was created, or the run is
   * busy.
   */
  gradientImage(): Promise<Image>;
  /**
   * Scores how well the current picture (the most likely colors, enlarged) fits the prompt, by the
   * evidence for the prompt: log(error without the prompt / error with it), where the errors are
   * mean squared errors of the noise that the teacher predicts, at a time of high noise. "Without"
   * means with the negative prompt. A teacher that runs without one is measured by -log of the
   * error with the prompt.
   *
   * Scores with the same teacher, teacher's size and prompt are comparable, whatever the seed and
   * the palette: all use the same noise. The run does not change; its four teacher calls are not
   * counted.
   *
   * Source: Li et al. 2023, https://arxiv.org/abs/2303.16203; Kong et al. 2023,
   * https://arxiv.org/abs/2310.07972.
   *
   * @returns Higher is better.
   * @throws {TypeError} If the run is busy.
   */
  score(options?: { readonly signal?: AbortSignal }): Promise<number>;
  /** Reads the state from which a later run resumes, bit for bit on the same adapter. */
  checkpoint(): Promise<RunCheckpoint>;
}
