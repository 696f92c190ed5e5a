import type { Prelude } from "../gpu/kernel.ts";
import source from "./dft.wgsl" with { type: "text" };

/** Length of partial sums, and the walk through a table of twiddle factors. */
export const dft: Prelude = { file: "dft.wgsl", source };
