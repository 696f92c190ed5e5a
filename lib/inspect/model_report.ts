import type { MemoryPlan } from "../distill/memory/memory_plan.ts";
import type { ModelKind } from "./families/key_family.ts";

/** A tensor by name and shape. */
export interface TensorName {
  /** Key in the file; of a missing tensor, the key in diffusers' layout. */
  readonly key: string;
  /** Dimensions, outermost first. */
  readonly shape: readonly number[];
}

/** A tensor whose shape does not fit its network. */
export interface MisshapenTensor extends TensorName {
  /** Dimensions that the network has. */
  readonly expected: readonly number[];
}

/** What becomes of the tensors of a model. Each is in exactly one list, or used. */
export interface TensorsReport {
  /** Number of all tensors. */
  readonly total: number;
  /** Number of tensors that a network uses. */
  readonly used: number;
  /** Tensors that change nothing. */
  readonly ignored: readonly TensorName[];
  /** Tensors of a known format that Smalti does not support. */
  readonly unsupported: readonly TensorName[];
  /** Tensors that nothing here knows. */
  readonly unknown: readonly TensorName[];
  /** Tensors that a network needs and the model lacks. */
  readonly missing: readonly TensorName[];
  /** Tensors of another shape than the network has. */
  readonly misshapen: readonly MisshapenTensor[];
}

/** A network of a model, or the whole of another file. */
export interface PartReport {
  /** Name, such as "unet". */
  readonly name: string;
  /** Layout of its keys, such as "LDM". */
  readonly layout: string;
  /** Number of tensors. */
  readonly tensors: number;
  /** Number of values. */
  readonly values: number;
  /** Size of the values, in bytes. */
  readonly byteLength: number;
  /** Number of tensors by the type of their values, such as { F16: 1680 }. */
  readonly precision: Readonly<Record<string, number>>;
}

/** What a LoRA is. */
export interface LoraReport {
  /** Formats, such as "LoRA" and "DoRA". */
  readonly formats: readonly string[];
  /** How its keys are spelled, such as "kohya". */
  readonly layout: string;
  /** Model for which it was made, as far as its keys tell. */
  readonly base: string;
  /** Ranks, ascending; empty if the format has none. */
  readonly ranks: readonly number[];
  /** Number of changed layers by network. */
  readonly modules: Readonly<Record<string, number>>;
}

/** What a file or folder is, and what Smalti can do with it. */
export interface ModelReport {
  /** Path, address or repository. */
  readonly location: string;
  /** Family, such as "SDXL base"; "unknown" if its keys tell none. */
  readonly family: string;
  /** What it is. */
  readonly kind: ModelKind;
  /** Size of all values, in bytes. */
  readonly byteLength: number;
  /** Networks. */
  readonly parts: readonly PartReport[];
  /** What it predicts; undefined if it predicts nothing or does not tell. */
  readonly predictionType?: "epsilon" | "v_prediction" | "sample";
  /** Tensors that mark the training, such as "v_pred" and "ztsnr". */
  readonly markers: readonly string[];
  /** Tensors by what becomes of them. */
  readonly tensors: TensorsReport;
  /** Facts about a LoRA. */
  readonly lora?: LoraReport;
  /** Texts of the file's metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether Smalti can use it. */
  readonly isUsable: boolean;
  /** One sentence: how it is used, or why it cannot be. No final period. */
  readonly use: string;
  /** Further facts, a sentence each. */
  readonly notes: readonly string[];
  /** Memory of a run with it; only for a usable teacher. */
  readonly memory?: MemoryPlan;
}
