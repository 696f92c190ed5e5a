import type { ModelFamily } from "./family/model_family.ts";
import { SDXL } from "./sdxl/sdxl.ts";

/** The supported families. Each has a folder beside this file. */
export const MODEL_FAMILIES: readonly [ModelFamily, ...ModelFamily[]] = [SDXL];
