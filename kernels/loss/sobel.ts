import type { Prelude } from "../gpu/kernel.ts";
import source from "./sobel.wgsl" with { type: "text" };

/** Weights and borders of Sobel's operators. */
export const sobel: Prelude = { file: "sobel.wgsl", source };
