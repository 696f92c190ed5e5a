import type { Prelude } from "../gpu/kernel.ts";
import source from "./luma.wgsl" with { type: "text" };

/** Weights of red, green and blue in the luma of a pixel. */
export const luma: Prelude = { file: "luma.wgsl", source };
