import { ConfigError } from "./config_error.ts";
import { configKeys } from "./config_keys.ts";
import type { ConfigLayer } from "./config_layer.ts";
import { LR_STEP_RULES_EXPECTED, parseLrStepRules } from "./lr_step_rules.ts";
import type { RunConfig } from "./run_config.ts";

/** A complete config and what the user should know of it. */
export interface ResolvedConfig {
  /** The config. */
  readonly config: RunConfig;
  /** Sentences, such as which keys have no effect. */
  readonly notes: readonly string[];
}

/**
 * Merges layers, later ones over earlier ones, and checks values against each other.
 *
 * @throws {ConfigError} If a key has no value in any layer, or two values contradict each other.
 */
export function mergeRunConfig(layers: readonly ConfigLayer[]): ResolvedConfig {
  const values = new Map(layers.flatMap((layer) => [...layer.values]));
  const config: Record<string, unknown> = {};
  for (const { path, names } of configKeys()) {
    const found = values.get(path);
    if (!found) throw new ConfigError("", path, "expected a value, got none");
    let section = config;
    for (const name of names.slice(0, -1)) {
      section = (section[name] ??= {}) as Record<string, unknown>;
    }
    section[names.at(-1)!] = found.value;
  }
  const merged = config as unknown as RunConfig;
  checkTogether(merged, (path) => values.get(path)!.where);
  return { config: merged, notes: [...new Set(layers.flatMap((layer) => layer.notes))] };
}

function checkTogether(config: RunConfig, where: (path: string) => string): void {
  const { sd, controlnet, training } = config;
  const ordered = (lowPath: string, low: number, highPath: string, high: number) => {
    if (low <= high) return;
    throw new ConfigError(
      where(lowPath),
      lowPath,
      `expected at most "${highPath}" (${high}), got ${low}`,
    );
  };
  ordered("sd.t_min", sd.tMin, "sd.t_max", sd.tMax);
  const { randomTauMin, randomTauMax } = training.augmentation;
  const tau = "training.augmentation.random_tau";
  ordered(`${tau}_min`, randomTauMin, `${tau}_max`, randomTauMax);
  const { controlGuidanceStart, controlGuidanceEnd } = controlnet;
  const control = "controlnet.control_guidance";
  ordered(`${control}_start`, controlGuidanceStart, `${control}_end`, controlGuidanceEnd);
  const scales = controlnet.controlnetConditioningScale.length;
  const models = controlnet.modelsId.length;
  if (scales !== models) {
    const path = "controlnet.controlnet_conditioning_scale";
    const expected = `expected as many values as "controlnet.models_id" has (${models})`;
    throw new ConfigError(where(path), path, `${expected}, got ${scales}`);
  }
  checkLosses(config, where);
  checkStepRules(config, where);
}

/** The rules of the learning rate, if they are followed. */
function checkStepRules(
  { training: { lrScheduler, lrStepRules } }: RunConfig,
  where: (path: string) => string,
): void {
  const isFollowed = lrScheduler === "piecewise_constant";
  if (!isFollowed || parseLrStepRules(lrStepRules) !== undefined) return;
  const path = "training.lr_step_rules";
  const expected = `expected ${LR_STEP_RULES_EXPECTED} for lr_scheduler "piecewise_constant"`;
  throw new ConfigError(where(path), path, `${expected}, got "${lrStepRules}"`);
}

/** Losses that look around a pixel must not reach over the picture. */
function checkLosses(
  { generator, training }: RunConfig,
  where: (path: string) => string,
): void {
  const side = Math.min(generator.imageH, generator.imageW);
  const { laplacianScale, laplacianKernel, bilateralScale, bilateralMaxDistance } = training;
  const reaches = [
    ["laplacian_kernel", laplacianScale, laplacianKernel, 2 * side - 1],
    ["bilateral_max_distance", bilateralScale, bilateralMaxDistance, side - 1],
  ] as const;
  for (const [name, scale, value, greatest] of reaches) {
    if (scale === 0 || value <= greatest) continue;
    const path = `training.${name}`;
    const expected = `expected at most ${greatest} for a picture with a side of ${side} pixels`;
    throw new ConfigError(where(path), path, `${expected}, got ${value}`);
  }
}
