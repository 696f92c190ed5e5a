import type { Prelude } from "../gpu/kernel.ts";
import source from "./resize_taps.wgsl" with { type: "text" };

/** Params of a resize, and the inputs that one of its outputs reads. */
export const resizeTaps: Prelude = { file: "resize_taps.wgsl", source };
