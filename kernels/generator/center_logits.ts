import type { Kernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import source from "./center_logits.wgsl" with { type: "text" };
import { classGrid } from "./logit_shape.ts";

/** Takes the mean over the classes off the logits. */
export const balance: Kernel<{ pixels: "u32"; classes: "u32" }> = {
  name: "balance",
  source,
  params: { pixels: "u32", classes: "u32" },
  tensors: ["read_write"],
};

/**
 * Records taking the mean over the classes off the logits of each pixel, in place.
 *
 * @param tensors `logits` [H, W, K].
 * @throws {RangeError} If there are none.
 */
export function encodeBalance(pass: Pass, { logits }: { readonly logits: GpuTensor }): void {
  const { pixels, classes } = classGrid([logits], "encode balance");
  pass.dispatch(balance, [logits], { pixels, classes }, pixels);
}
