import type { Prelude } from "../gpu/kernel.ts";
import source from "./perspective_shift.wgsl" with { type: "text" };

/** Shift between an output pixel and the point of the input that it shows. */
export const perspectiveShift: Prelude = { file: "perspective_shift.wgsl", source };
