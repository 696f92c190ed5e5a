import type { SafetensorsHeader } from "../../weights/safetensors.ts";
import type { SplitCheckpoint } from "../../single_file/split_checkpoint.ts";
import type { TensorInfo, TensorList } from "../../single_file/tensor_list.ts";
import { ADAPTER_FAMILIES } from "./adapters.ts";
import { KEY_FAMILIES } from "./key_families.ts";
import { fitsFamily, type KeyFamily } from "./key_family.ts";
import { formatOf } from "./lora_formats.ts";

/** The family of a file that is a LoRA; what it changes is found elsewhere. */
export const LORA_FAMILY: KeyFamily = {
  name: "LoRA",
  kind: "LoRA",
  signs: [],
  keys: [],
  refusal: "a LoRA; a teacher is needed beside it: name the LoRA by diffusion.lora_path",
};

/** The family of keys that no table knows. */
const UNKNOWN: KeyFamily = {
  name: "unknown",
  kind: "other",
  signs: [],
  keys: [],
  refusal: "a model of no known family",
};

/** The family of a file without tensors. */
const EMPTY: KeyFamily = { ...UNKNOWN, name: "empty", refusal: "a file without tensors" };

/** Tells to which family a file belongs, by its keys. */
export function recognizeFile(
  { header, split }: { readonly header: SafetensorsHeader; readonly split: SplitCheckpoint },
): KeyFamily {
  if (header.tensors.size === 0) return EMPTY;
  const all = withNetworkNames(header.tensors, split);
  const adapter = ADAPTER_FAMILIES.find((family) => fitsFamily(family, all));
  if (adapter) return adapter;
  if (isLora(header.tensors)) return LORA_FAMILY;
  return KEY_FAMILIES.find((known) => fitsFamily(known, all)) ?? UNKNOWN;
}

/** Returns the tensors as they are, and those of networks by their names in diffusers. */
function withNetworkNames(tensors: TensorList, { parts }: SplitCheckpoint): TensorList {
  const all = new Map<string, TensorInfo>(tensors);
  for (const { part, tensors: mapped } of parts) {
    for (const { key, shape, from } of mapped) {
      all.set(`${part}.${key}`, { shape, dtype: tensors.get(from)!.dtype });
    }
  }
  return all;
}

/** Tells whether a file is a LoRA, by its keys. */
function isLora(tensors: TensorList): boolean {
  return tensors.keys().some((key) => {
    const format = formatOf(key);
    if (format === undefined || key.startsWith("bundle_emb.")) return false;
    // Keys such as "a1.weight" and "vector" also occur in networks.
    return !["GLoRA", "Diag"].includes(format.name) || /^(lora|lycoris)_/.test(key);
  });
}
