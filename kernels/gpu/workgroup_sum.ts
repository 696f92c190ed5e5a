import type { Prelude } from "./kernel.ts";
import source from "./workgroup_sum.wgsl" with { type: "text" };

/** Sum over the invocations of one workgroup, in a fixed order. */
export const workgroupSum: Prelude = { file: "workgroup_sum.wgsl", source };
