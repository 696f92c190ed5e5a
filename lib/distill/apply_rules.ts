import { constrainLogits } from "../constraint/constrain_logits.ts";
import type { PictureRules } from "../constraint/picture_rules.ts";
import type { PixelGenerator } from "../generator/pixel_generator.ts";

/** Projects the logits of a generator onto rules; done after each optimizer step. */
export async function applyRules(
  { logits }: PixelGenerator,
  rules: PictureRules | undefined,
): Promise<void> {
  if (rules === undefined) return;
  logits.write(constrainLogits(await logits.read(), rules));
}
