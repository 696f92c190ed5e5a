import { ADAPTER_FAMILIES } from "./families/adapters.ts";
import { EMBEDDING_FAMILIES } from "./families/embeddings.ts";
import { NETWORK_FAMILIES } from "./families/networks.ts";
import { OTHER_SDXL, SDXL_FAMILIES } from "./families/sdxl.ts";
import { STABLE_DIFFUSION_FAMILIES, UNKNOWN_UNET } from "./families/stable_diffusion.ts";
import { TRANSFORMER_FAMILIES } from "./families/transformers.ts";
import type { KeyFamily } from "./key_family.ts";

/** All families; the first that fits wins. LoRAs have their own table. */
export const KEY_FAMILIES: readonly KeyFamily[] = [
  ...ADAPTER_FAMILIES,
  ...SDXL_FAMILIES,
  ...STABLE_DIFFUSION_FAMILIES,
  ...TRANSFORMER_FAMILIES,
  OTHER_SDXL,
  UNKNOWN_UNET,
  ...NETWORK_FAMILIES,
  ...EMBEDDING_FAMILIES,
];
