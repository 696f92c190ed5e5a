import { constrainLogits } from "../constraint/constrain_logits.ts";
import type { PictureRules } from "../constraint/picture_rules.ts";
import type { PixelGenerator } from "../generator/pixel_generator.ts";

/**
 * Projects the logits of a generator onto rules; done after each optimizer step.
 *
 * With importance, each pixel first goes that share of the step. AdamW makes the same step of any
 * multiple of a gradient, so it is the step that has a weight, not the gradient.
 *
 * @param before Logits before the step, shape [H, W, C]. Default: all pixels go the whole step.
 */
export async function applyRules(
  { logits }: PixelGenerator,
  rules: PictureRules | undefined,
  before?: Float32Array,
): Promise<void> {
  if (rules === undefined) return;
  const { importance, classes } = rules;
  const after = await logits.read();
  const weighted = before && importance
    ? after.map((value, j) => {
      const weight = importance[Math.floor(j / classes)]!;
      return before[j]! + weight * (value - before[j]!);
    })
    : after;
  logits.write(constrainLogits(weighted, rules));
}
