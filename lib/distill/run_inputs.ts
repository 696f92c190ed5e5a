import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { ScoreStage } from "../guidance/score_distillation.ts";
import type { HubModelOptions } from "../hub/hub_model.ts";
import type { Image } from "../image/image.ts";
import { namedBackground } from "../initialization/background.ts";
import { checkRules, type RuleImages } from "../initialization/config_rules.ts";
import type { BatchSlot } from "../onnx/batching/batch_scheduler.ts";
import type { SessionPool } from "../onnx/batching/session_pool.ts";
import type { Palette } from "../palette/palette.ts";
import type { RunCheckpoint } from "../run/checkpoint.ts";
import type { MemoryPlan } from "./memory/memory_plan.ts";

/** Inputs of a run besides its config. */
export interface RunInputs extends RuleImages {
  /** The palette. Default: the built-in one that `config.generator.palette` names. */
  readonly palette?: Palette;
  /** The input image. Default: the teacher samples one. */
  readonly image?: Image;
  /** The checkpoint from which the run resumes. Default: a new run starts. */
  readonly checkpoint?: RunCheckpoint;
  /**
   * The device to compute on; borrowed. Its methods are not replaced: onnxruntime gets a proxy of
   * it, which overrides some of onnxruntime's shaders and uploads. No global is replaced while
   * other code runs. Default: the run requests its own device.
   */
  readonly gpu?: Gpu;
  /** Networks shared by runs, all on one `gpu`; borrowed. Default: the run loads its own. */
  readonly pool?: SessionPool;
  /** The slot in a batch of pictures, from `runTogether`; it needs a pool. Default: no batch. */
  readonly slot?: BatchSlot;
  /** Where models of the Hub are, and whether they are downloaded. Default: they are not. */
  readonly hub?: HubModelOptions;
  /** Whether `gradientImage` will be called: the memory plan then includes it. Default: false. */
  readonly decodesGradient?: boolean;
  /** Cancels the loading. */
  readonly signal?: AbortSignal;
  /** Called when a stage starts: "load", "caption", "sample". */
  readonly onStage?: (stage: string) => void;
  /** Called with what the user should know, a sentence each. */
  readonly onNote?: (message: string) => void;
  /** Called with the memory plan, before anything large is loaded. */
  readonly onPlan?: (plan: MemoryPlan) => void;
  /** Called with the time of each part of a teacher call, in milliseconds. */
  readonly onTiming?: (part: ScoreStage, milliseconds: number) => void;
}

/**
 * Checks that a run has a prompt or an image, the image that its config names, a background
 * that exists, and rules that a picture can obey.
 *
 * @throws {TypeError} If it has no prompt or image.
 * @throws {WrongInputError} If the background is no color, and no index of the palette; or if
 * the rules of the picture contradict each other, or do not fit.
 */
export function checkInputs(config: RunConfig, inputs: RunInputs, palette: Palette): void {
  const { prompt, image, generator: { background } } = config;
  namedBackground(background, palette);
  checkRules(config, { ...inputs, palette });
  if (inputs.image) return;
  if (image !== null) {
    throw new TypeError(
      `Cannot create a run: expected the decoded image "${image}" as input, got none`,
    );
  }
  if (prompt.trim() === "") {
    throw new TypeError("Cannot create a run: expected a prompt or an image, got none");
  }
}
