import { ConfigError } from "./config_source.ts";
import { cssColorNames, isColorIndex, parseCssColor } from "../lib/text/css_colors.ts";
import { didYouMean } from "../lib/text/did_you_mean.ts";
import { LR_STEP_RULES_EXPECTED, parseLrStepRules } from "./lr_step_rules.ts";
import type { RunConfig } from "./run_config.ts";

/** Tells where the value of a dotted key comes from. */
type Where = (path: string) => string;

/**
 * Checks the values of a config against each other.
 *
 * @throws {ConfigError} If two values contradict each other.
 */
export function checkRunConfig(config: RunConfig, where: Where): void {
  checkOrder(config, where);
  checkControlnets(config, where);
  checkLosses(config, where);
  checkStepRules(config, where);
  checkTimesteps(config, where);
  checkBackground(config, where);
  checkFinish(config, where);
}

/** Lower bounds must not exceed upper bounds. */
function checkOrder({ sd, controlnet, training }: RunConfig, where: Where): void {
  const { randomTauMin, randomTauMax } = training.augmentation;
  const { controlGuidanceStart, controlGuidanceEnd } = controlnet;
  const tau = "training.augmentation.random_tau";
  const control = "controlnet.control_guidance";
  const bounds = [
    ["sd.t_min", sd.tMin, "sd.t_max", sd.tMax],
    [`${tau}_min`, randomTauMin, `${tau}_max`, randomTauMax],
    [`${control}_start`, controlGuidanceStart, `${control}_end`, controlGuidanceEnd],
  ] as const;
  for (const [lowPath, low, highPath, high] of bounds) {
    if (low <= high) continue;
    const problem = `expected at most "${highPath}" (${high}), got ${low}`;
    throw new ConfigError(where(lowPath), lowPath, problem);
  }
}

/** Each ControlNet needs a factor. */
function checkControlnets({ controlnet }: RunConfig, where: Where): void {
  const scales = controlnet.controlnetConditioningScale.length;
  const models = controlnet.modelsId.length;
  if (scales === models) return;
  const path = "controlnet.controlnet_conditioning_scale";
  const expected = `expected as many values as "controlnet.models_id" has (${models})`;
  throw new ConfigError(where(path), path, `${expected}, got ${scales}`);
}

/** The kernel of a loss must not exceed the picture, if the loss is on. */
function checkLosses({ generator, training }: RunConfig, where: Where): void {
  const { imageH, imageW } = generator;
  const shorter = Math.min(imageH, imageW);
  const { laplacianScale, laplacianKernel, bilateralScale, bilateralMaxDistance } = training;
  const sizes = [
    ["laplacian_kernel", laplacianScale, laplacianKernel, 2 * shorter - 1],
    ["bilateral_max_distance", bilateralScale, bilateralMaxDistance, shorter - 1],
  ] as const;
  for (const [name, scale, value, max] of sizes) {
    if (scale === 0 || value <= max) continue;
    const path = `training.${name}`;
    const expected = `expected at most ${max} for a picture of ${imageH}x${imageW} pixels`;
    throw new ConfigError(where(path), path, `${expected}, got ${value}`);
  }
}

/** The rules of the learning rate must be readable, if the scheduler uses them. */
function checkStepRules({ training }: RunConfig, where: Where): void {
  const { lrScheduler, lrStepRules } = training;
  if (lrScheduler !== "piecewise_constant") return;
  if (parseLrStepRules(lrStepRules) !== undefined) return;
  const path = "training.lr_step_rules";
  const expected = `expected ${LR_STEP_RULES_EXPECTED} for lr_scheduler "piecewise_constant"`;
  throw new ConfigError(where(path), path, `${expected}, got "${lrStepRules}"`);
}

/** Timesteps of the sampler must fall, fit its number of steps, and be of use to it. */
function checkTimesteps({ diffusion }: RunConfig, where: Where): void {
  const { timesteps, numInferenceSteps: steps, sampler } = diffusion;
  if (timesteps === null) return;
  const path = "diffusion.timesteps";
  const listed = timesteps.join(", ");
  const fail = (problem: string): never => {
    throw new ConfigError(where(path), path, problem);
  };
  if (timesteps.length === 0) fail("expected one number or more, got none");
  if (timesteps.some((t, i) => i > 0 && t >= timesteps[i - 1]!)) {
    fail(`expected falling numbers, got ${listed}`);
  }
  if (steps !== null && steps !== timesteps.length) {
    const expected = `expected as many numbers as "diffusion.num_inference_steps" says (${steps})`;
    fail(`${expected}, got ${timesteps.length}`);
  }
  if (sampler !== null && !takesTimesteps(sampler)) {
    fail(`expected ~, since the sampler ${sampler} has its own noise levels, got ${listed}`);
  }
}

/** Tells whether a sampler can take timesteps that are given. */
export function takesTimesteps(sampler: NonNullable<RunConfig["diffusion"]["sampler"]>): boolean {
  return sampler !== "dpmpp_2m_karras";
}

/** The background must be a color, or may be an index of the palette, which is not read yet. */
function checkBackground({ generator: { background } }: RunConfig, where: Where): void {
  if (background === "auto" || isColorIndex(background)) return;
  if (parseCssColor(background) !== undefined) return;
  const path = "generator.background";
  const expected = "expected auto, a color such as #1a1c2c or white, or an index of the palette";
  const hint = didYouMean(background, ["auto", ...cssColorNames()]);
  throw new ConfigError(where(path), path, `${expected}, got "${background}"${hint}`);
}

/** Finishes must fit together, and the picture. */
function checkFinish({ finish, generator, constraint }: RunConfig, where: Where): void {
  const fail = (path: string, problem: string): never => {
    throw new ConfigError(where(path), path, problem);
  };
  const { dither, outline, antialias } = finish;
  if (outline !== "none" && outline !== "auto" && parseCssColor(outline) === undefined) {
    const expected = "expected none, auto or a color such as #1a1c2c or black";
    const hint = didYouMean(outline, ["none", "auto", ...cssColorNames()]);
    fail("finish.outline", `${expected}, got "${outline}"${hint}`);
  }
  if (outline !== "none" && !generator.transparent) {
    fail(
      "finish.outline",
      "expected a transparent picture, around whose subject there is room; add --transparent",
    );
  }
  if (dither !== "none" && !antialias) {
    fail(
      "finish.dither",
      "expected edges with colors between others, of which dithering consists; leave out " +
        "--no-antialias",
    );
  }
  // Blue noise has no pattern that could break at a seam.
  if (!dither.startsWith("bayer") || constraint.tile === "none") return;
  const period = Number(dither.slice("bayer".length));
  const lengths = { x: [generator.imageW], y: [generator.imageH] };
  const axes = constraint.tile === "xy" ? ["x", "y"] as const : [constraint.tile] as const;
  const broken = axes.flatMap((axis) => lengths[axis]).find((length) => length % period !== 0);
  if (broken === undefined) return;
  fail(
    "finish.dither",
    `expected a tile whose length is a multiple of ${period}, so that the pattern continues at its ` +
      `seam, got ${broken} pixels; take blue-noise or another size`,
  );
}
