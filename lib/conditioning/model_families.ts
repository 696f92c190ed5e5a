import type { ModelFamily } from "./family/model_family.ts";
import { SDXL } from "./sdxl/sdxl.ts";
import { STABLE_DIFFUSION } from "./stable_diffusion/stable_diffusion.ts";

/** The supported families. Each has a folder beside this file. */
export const MODEL_FAMILIES: readonly [ModelFamily, ...ModelFamily[]] = [SDXL, STABLE_DIFFUSION];
