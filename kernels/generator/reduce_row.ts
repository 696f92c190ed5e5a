import type { Prelude } from "../gpu/kernel.ts";
import source from "./reduce_row.wgsl" with { type: "text" };

/** Runs the function `reduce` of a kernel on the classes of each pixel. */
export const reduceRow: Prelude = { file: "reduce_row.wgsl", source };
