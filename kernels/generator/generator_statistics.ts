import { checkSize } from "../gpu/check_shape.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { checkLogitShape } from "./logit_shape.ts";
import { reduceRow } from "./reduce_row.ts";
import source from "./generator_statistics.wgsl" with { type: "text" };

/** Statistics of the probabilities of each pixel. */
export const generatorStatistics = defineKernel({
  name: "generator_statistics",
  source,
  prelude: [reduceRow],
  params: { pixels: "u32", classes: "u32" },
  tensors: ["read", "read_write", "read_write", "read_write"],
});

/** Tensors of {@linkcode encodeGeneratorStatistics}. */
export interface GeneratorStatisticsTensors {
  /** Shape [H, W, K]. */
  readonly probs: GpuTensor;
  /** Variance over the classes, of the whole population, shape [H, W]; overwritten. */
  readonly variance: GpuTensor;
  /** Entropy in nats, in [0, log K], shape [H, W]; overwritten. */
  readonly entropy: GpuTensor;
  /** Maximum probability, in [1 / K, 1], shape [H, W]; overwritten. */
  readonly maxProbability: GpuTensor;
}

/**
 * Records statistics of the probabilities of each pixel. They tell how certain its color is.
 *
 * @throws {RangeError} If a size does not fit.
 */
export function encodeGeneratorStatistics(
  pass: Pass,
  { probs, variance, entropy, maxProbability }: GeneratorStatisticsTensors,
): void {
  const { pixels, classes } = checkLogitShape([probs], "encode statistics");
  const outputs = [variance, entropy, maxProbability];
  for (const output of outputs) checkSize(output, pixels, "encode statistics");
  pass.dispatch(generatorStatistics, [probs, ...outputs], { pixels, classes }, pixels);
}
