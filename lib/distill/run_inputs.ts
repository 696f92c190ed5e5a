import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { ScoreStage } from "../guidance/score_distillation.ts";
import type { HubModelOptions } from "../hub/hub_model.ts";
import type { Image } from "../image/image.ts";
import { namedBackground } from "../initialization/background.ts";
import { changesCounts } from "../initialization/config_finish.ts";
import { checkRules, type RuleImages, rulesOf } from "../initialization/config_rules.ts";
import { derivedPaletteName } from "../initialization/initialize.ts";
import type { BatchSlot } from "../onnx/batching/batch_scheduler.ts";
import type { SessionPool } from "../onnx/batching/session_pool.ts";
import type { Palette } from "../palette/palette.ts";
import type { RunCheckpoint } from "../run/checkpoint.ts";
import { defined } from "../text/defined.ts";
import { WrongInputError } from "../text/wrong_input_error.ts";
import type { MemoryPlan } from "./memory/memory_plan.ts";

/** Inputs of a run besides its config. */
export interface RunInputs extends RuleImages {
  /** The palette. Default: the built-in one that `config.generator.palette` names. */
  readonly palette?: Palette;
  /** The input image. Default: the teacher samples one. */
  readonly image?: Image;
  /**
   * Count of each color of the palette that the picture may have, length K. Default: no limit; a
   * config that names an inventory needs it.
   */
  readonly inventory?: readonly number[];
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
  /**
   * Called after each teacher call of the stage "sample" with the calls done, from 1, and their
   * number.
   */
  readonly onSample?: (call: number, calls: number) => void;
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
 * @throws {TypeError} If it has no prompt or image, or an inventory is missing.
 * @throws {WrongInputError} If the background is no color, and no index of the palette; or if
 * the rules of the picture contradict each other, or do not fit; or if the inventory cannot be
 * kept.
 */
export function checkInputs(config: RunConfig, inputs: RunInputs, palette: Palette): void {
  const { prompt, image, generator: { background } } = config;
  namedBackground(background, palette);
  checkRules(config, { ...inputs, palette });
  checkInventory(config, inputs, palette);
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

/**
 * Checks that an inventory can be kept: it has enough colors, and nothing but edits changes the
 * picture.
 *
 * @throws {TypeError} If the config names an inventory and there is none.
 * @throws {WrongInputError} If it cannot be kept.
 */
export function checkInventory(
  config: RunConfig,
  { inventory, keep, mask }: Pick<RunInputs, "inventory" | "keep" | "mask">,
  palette: Palette,
): void {
  const { generator, training } = config;
  if (inventory === undefined) {
    if (generator.inventory === null) return;
    throw new TypeError(
      `Cannot create a run: expected the counts of inventory "${generator.inventory}", got none`,
    );
  }
  if (training.steps > 0) {
    throw new WrongInputError(
      `Cannot keep an inventory: expected edits only, got ${training.steps} steps of score ` +
        `distillation; use --preset draft or standard, and no --steps`,
    );
  }
  if (derivedPaletteName(config) !== undefined || !generator.initializeRenderer) {
    throw new WrongInputError(
      "Cannot keep an inventory: expected a given palette and a start image",
    );
  }
  if (mask !== undefined || rulesOf(config, { palette, ...defined({ keep }) }) !== undefined) {
    throw new WrongInputError(
      "Cannot keep an inventory together with other rules: expected no symmetry, tile, mask or " +
        "rule of colors",
    );
  }
  if (changesCounts(config)) {
    throw new WrongInputError(
      "Cannot keep an inventory together with a finish that changes its counts: expected no " +
        "--dither, --outline or --no-antialias",
    );
  }
  const cells = generator.imageH * generator.imageW;
  const there = inventory.reduce((sum, count) => sum + count, 0);
  if (there < cells) {
    throw new WrongInputError(
      `Cannot fill ${cells} cells from the inventory: it has ${there} of "${palette.name}", ` +
        `${cells - there} too few`,
    );
  }
}
