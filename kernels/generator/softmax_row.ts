import type { Prelude } from "../gpu/kernel.ts";
import source from "./softmax_row.wgsl" with { type: "text" };

/** Softmax over the function `logit_at` of a kernel. It needs the prelude `reduceRow`. */
export const softmaxRow: Prelude = { file: "softmax_row.wgsl", source };
