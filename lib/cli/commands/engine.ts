import type { RunConfig } from "../../../config/run_config.ts";
import type { RunInputs } from "../../distill/create_run.ts";
import type { References } from "../../distill/draw_references.ts";
import type { StepViews } from "../../distill/run.ts";
import type { GeneratorStatistics } from "../../generator/generator_statistics.ts";
import type { Image } from "../../image/image.ts";
import type { CheckpointContent } from "../../outputs/checkpoint_file.ts";
import type { RunResult } from "../../outputs/final_images.ts";
import type { BatchMember } from "../../onnx/batching/session_batch.ts";
import type { Palette } from "../../palette/palette.ts";
import type { HubModelOptions } from "../../hub/hub_model.ts";
import type { StepEvent } from "../../report/run_event.ts";

/** What `generate` needs of a run; a test gives its own. */
export interface Engine {
  /**
   * Loads the teacher and prepares a run.
   *
   * @param inputs The files that the config names, read.
   */
  open(config: RunConfig, inputs: EngineInputs): Promise<EngineRun>;
  /**
   * Chooses how many pictures are made at once, 1 or more. An engine without it makes one after the
   * other.
   *
   * @param config Of one of them; the others have other prompts, palettes and seeds.
   * @param count Pictures that are asked for.
   */
  chooseBatch?(config: RunConfig, inputs: PlannedInputs, count: number): Promise<number>;
}

/** What is known of a run before it is created. */
export type PlannedInputs = Pick<EngineInputs, "palette" | "image" | "verbose" | "hub">;

/** Files that a run begins with. */
export interface EngineInputs {
  /** The palette that the config names. */
  readonly palette: Palette;
  /** The input image. */
  readonly image?: Image;
  /** Bytes of the checkpoint from which the run goes on. */
  readonly checkpoint?: Uint8Array;
  /** What errors call the checkpoint: its path. */
  readonly checkpointName?: string;
  /** Stops the loading. */
  readonly signal: AbortSignal;
  /**
   * Whether the memory plan is told whatever it says, and gradients will be decoded. Default: false.
   */
  readonly verbose?: boolean;
  /** Where models of the Hub are, and whether they are downloaded. Default: they are not. */
  readonly hub?: HubModelOptions;
  /** What the run shares with others; it is borrowed. Default: nothing. */
  readonly shared?: Pick<RunInputs, "gpu" | "pool" | "member">;
  /** The place among pictures that are made at once. Default: it is alone. */
  readonly member?: BatchMember;
  /** Told what begins, such as "load". */
  onStage(stage: string): void;
  /** Told what the user should know. */
  onNote(message: string): void;
}

/** What is known of a step. */
export type EngineStep = Omit<StepEvent, "event" | "seconds">;

/** A run that is ready. */
export interface EngineRun extends AsyncDisposable {
  /** What runs the networks, such as "wasm". */
  readonly runtime: string;
  /** Name of the WebGPU adapter. */
  readonly adapter: string;
  /** Name of the palette of the picture, which may be made of the image. */
  readonly paletteName: string;
  /** What the picture shows: the prompt of the config, or a caption of the image. */
  readonly prompt: string;
  /** Step after which it goes on; 0 for a new run. */
  readonly startStep: number;
  /** Images that the teacher judged or drew up to now, those before a resumed run too. */
  readonly evaluations: number;
  /** The images that the teacher drew to begin with one of them; undefined if it drew none. */
  readonly references: References | undefined;
  /** Makes the steps, until the last or until the signal. */
  steps(signal: AbortSignal): AsyncIterable<EngineStep>;
  /** Reads the picture so far. */
  result(): Promise<RunResult>;
  /** Measures how decided the picture is so far. */
  statistics(): Promise<GeneratorStatistics>;
  /** Measures how undecided each pixel is so far: its entropy in nats, shape [H, W]. */
  entropy(): Promise<Float32Array>;
  /** Reads what the last step worked with. */
  stepViews(): Promise<StepViews>;
  /** Decodes the gradient at the latents of the last step; the first call loads the decoder. */
  gradientImage(): Promise<Image>;
  /** Makes the pictures that the run begins with, such as "target_image", for `--verbose`. */
  beginnings(): Promise<Readonly<Record<string, Image>>>;
  /** Asks the teacher how well the picture so far fits; the greater, the better. */
  score(signal: AbortSignal): Promise<number>;
  /** Reads what is needed to go on later. */
  checkpoint(): Promise<CheckpointContent>;
}
