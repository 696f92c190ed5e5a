import type { TensorList } from "../../single_file/tensor_list.ts";

/** What a file holds. */
export type ModelKind =
  | "teacher"
  | "UNet"
  | "autoencoder"
  | "text encoder"
  | "ControlNet"
  | "adapter"
  | "LoRA"
  | "embedding"
  | "other";

/** A key that tells a family. */
export interface KeySign {
  /** Pattern of the key. */
  readonly key: RegExp;
  /** Dimensions; null for any. Default: any. */
  readonly shape?: readonly (number | null)[];
}

/**
 * A family of models, by its keys. A table holds all families; the first that fits wins.
 *
 * Patterns see each key as it is, and those of networks also by their names in diffusers behind the
 * name of the network: "unet.conv_in.weight", "vae.decoder.conv_in.weight".
 */
export interface KeyFamily {
  /** Name, such as "SDXL base". */
  readonly name: string;
  /** What it is. */
  readonly kind: ModelKind;
  /** Signs that must all be there. */
  readonly signs: readonly KeySign[];
  /** Keys of which none may be there. */
  readonly without?: readonly RegExp[];
  /**
   * Keys that belong to the family; others are reported as unknown. Undefined for networks that
   * Smalti can build: their keys are compared with those of the graph.
   */
  readonly keys?: readonly RegExp[];
  /** Why Smalti cannot use it, after "it is …". Undefined if Smalti can. */
  readonly refusal?: string;
}

/** Tells whether tensors belong to a family. */
export function fitsFamily({ signs, without = [] }: KeyFamily, tensors: TensorList): boolean {
  const keys = [...tensors.keys()];
  return signs.every((sign) => keys.some((key) => fitsSign(sign, key, tensors))) &&
    !without.some((pattern) => keys.some((key) => pattern.test(key)));
}

function fitsSign({ key: pattern, shape }: KeySign, key: string, tensors: TensorList): boolean {
  if (!pattern.test(key)) return false;
  if (shape === undefined) return true;
  const found = tensors.get(key)!.shape;
  return found.length === shape.length &&
    shape.every((dimension, axis) => dimension === null || dimension === found[axis]);
}
