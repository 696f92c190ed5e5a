import type { SafetensorsDtype } from "../weights/safetensors.ts";

/** Type and dimensions of a tensor; its values are not read. */
export interface TensorInfo {
  /** Dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Type of the values. */
  readonly dtype: SafetensorsDtype;
}

/** Tensors by key. */
export type TensorList = ReadonlyMap<string, TensorInfo>;

/** A tensor of a network under its name in diffusers, and where its values are in the file. */
export interface MappedTensor {
  /** Key in diffusers, such as "conv_in.weight". */
  readonly key: string;
  /** Dimensions in diffusers. */
  readonly shape: readonly number[];
  /** Key in the file. */
  readonly from: string;
  /** First row in the file, for a part of a fused tensor. Default: 0. */
  readonly firstRow?: number;
  /** Whether rows and columns are exchanged in the file. Default: false. */
  readonly isTransposed?: true;
}

/**
 * Returns what a tensor of the file becomes: one tensor, several parts, none if it is known but not
 * used, or undefined if the layout has no such key.
 *
 * @param key Key without the prefix of the network.
 */
export type KeyMap = (key: string, info: TensorInfo) => readonly MappedPart[] | undefined;

/** A {@linkcode MappedTensor} without the key in the file. */
export type MappedPart = Omit<MappedTensor, "from">;
