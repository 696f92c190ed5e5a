import { ADAPTER_FAMILIES } from "./adapters.ts";
import { EMBEDDING_FAMILIES } from "./embeddings.ts";
import { NETWORK_FAMILIES } from "./networks.ts";
import { OTHER_SDXL, SDXL_FAMILIES } from "./sdxl.ts";
import {
  OTHER_STABLE_DIFFUSION,
  STABLE_DIFFUSION_FAMILIES,
  UNKNOWN_UNET,
} from "./stable_diffusion.ts";
import { TRANSFORMER_FAMILIES } from "./transformers.ts";
import type { KeyFamily } from "./key_family.ts";

/** All families; the first that fits wins. LoRAs have their own table. */
export const KEY_FAMILIES: readonly KeyFamily[] = [
  ...ADAPTER_FAMILIES,
  ...SDXL_FAMILIES,
  ...STABLE_DIFFUSION_FAMILIES,
  ...TRANSFORMER_FAMILIES,
  OTHER_SDXL,
  OTHER_STABLE_DIFFUSION,
  UNKNOWN_UNET,
  ...NETWORK_FAMILIES,
  ...EMBEDDING_FAMILIES,
];
