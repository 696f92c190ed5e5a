import type { Prelude } from "../gpu/kernel.ts";
import source from "./mirror.wgsl" with { type: "text" };

/** Mirrored borders, and their inverse. */
export const mirror: Prelude = { file: "mirror.wgsl", source };
