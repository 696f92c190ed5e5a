import { applyRules } from "./choose_colors.ts";
import type { PictureRules } from "./picture_rules.ts";

/** How far a forbidden color's logit lies below the lowest one of its pixel. */
const FORBIDDEN_MARGIN = 30;

/**
 * Projects logits onto rules: pixels that share their color get the mean of their logits, and a
 * color that a rule forbids at a pixel gets a logit so low that it has no share and no gradient.
 *
 * The rules are those of {@linkcode applyRules}, with the negative logits as costs.
 *
 * @param logits Shape [H, W, C]; C is `rules.classes`.
 * @returns Same shape.
 */
export function constrainLogits(
  logits: Float32Array,
  rules: PictureRules,
): Float32Array<ArrayBuffer> {
  const { classes, moves } = rules;
  const costs = applyRules(Float64Array.from(logits, (logit) => -logit), rules);
  const result = Float32Array.from(costs, (cost) => -cost / (moves.length + 1));
  for (let i = 0; i < result.length; i += classes) {
    const row = result.subarray(i, i + classes);
    const lowest = row.reduce((low, logit) => isFinite(logit) ? Math.min(low, logit) : low, 0);
    for (const [k, logit] of row.entries()) {
      if (!isFinite(logit)) row[k] = lowest - FORBIDDEN_MARGIN;
    }
  }
  return result;
}
