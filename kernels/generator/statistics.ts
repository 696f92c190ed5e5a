import { checkSize } from "../gpu/check_size.ts";
import type { Kernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { classGrid } from "./logit_shape.ts";
import source from "./statistics.wgsl" with { type: "text" };

/** How decided each pixel is. */
export const statistics: Kernel<{ pixels: "u32"; classes: "u32" }> = {
  name: "statistics",
  source,
  params: { pixels: "u32", classes: "u32" },
  tensors: ["read", "read_write", "read_write", "read_write"],
};

/** Tensors of {@linkcode encodeStatistics}. */
export interface StatisticsTensors {
  /** Shape [H, W, K]. */
  readonly probs: GpuTensor;
  /** Variance over the classes, divided by K, shape [H, W]; overwritten. */
  readonly variance: GpuTensor;
  /** Entropy in nats, in [0, log K], shape [H, W]; overwritten. */
  readonly entropy: GpuTensor;
  /** Greatest probability, in [1 / K, 1], shape [H, W]; overwritten. */
  readonly maxProbability: GpuTensor;
}

/**
 * Records how decided each pixel is.
 *
 * @throws {RangeError} If a size does not fit.
 */
export function encodeStatistics(
  pass: Pass,
  { probs, variance, entropy, maxProbability }: StatisticsTensors,
): void {
  const { pixels, classes } = classGrid([probs], "encode statistics");
  const outputs = [variance, entropy, maxProbability];
  for (const output of outputs) checkSize(output, pixels, "encode statistics");
  pass.dispatch(statistics, [probs, ...outputs], { pixels, classes }, pixels);
}
