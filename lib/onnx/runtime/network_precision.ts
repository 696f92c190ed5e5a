import type { FloatType } from "../../weights/float16.ts";
import type { WeightBits } from "../rewrite/quantize_blocks.ts";
import type { Runtime } from "./session.ts";

/** Precision of a network and of its weights. */
export interface NetworkPrecision {
  /** Type of the computation. Default: "float32". */
  readonly precision?: FloatType;
  /** Bits of the weights of large linear layers. Default: those of the computation. */
  readonly weightBits?: WeightBits | undefined;
}

/** A precision that was chosen. */
export interface ChosenPrecision {
  /** Type of the computation. */
  readonly precision: FloatType;
  /** Bits of the weights of large linear layers; undefined for those of the computation. */
  readonly weightBits: WeightBits | undefined;
}

/** Name of a precision in a config: floats of 32 or 16 bits, or weights of 8 or 4 bits. */
export type PrecisionName = "fp32" | "fp16" | "q8" | "q4";

/** What the choice of a precision depends on. */
export interface PrecisionContext {
  /** What runs the networks. */
  readonly runtime: Runtime;
  /** The device, as far as its abilities matter. */
  readonly gpu: {
    /** Whether its adapter runs on the CPU. */
    readonly isSoftware: boolean;
    /** The WebGPU device. */
    readonly device: { readonly features: { has(name: string): boolean } };
  };
}

/**
 * Chooses the precision of the networks.
 *
 * A GPU computes in float16 if it can, also with quantized weights. A CPU computes in float32,
 * since float16 is not faster there; so does a software adapter, unless "fp16" is asked for.
 *
 * @param wanted The precision; "auto" is "fp16" on hardware that supports it, else "fp32".
 */
export function choosePrecision(
  wanted: PrecisionName | "auto",
  { runtime, gpu }: PrecisionContext,
): ChosenPrecision {
  const isHalf = hasFloat16({ runtime, gpu }) &&
    (wanted === "fp16" || (wanted !== "fp32" && !gpu.isSoftware));
  const weightBits = wanted === "q8" ? 8 : wanted === "q4" ? 4 : undefined;
  return { precision: isHalf ? "float16" : "float32", weightBits };
}

/** Whether a runtime can compute in float16 on a device; CPUs compute in float32. */
export function hasFloat16(
  { runtime, gpu }: {
    readonly runtime: Runtime;
    readonly gpu: Pick<PrecisionContext["gpu"], "device"> | null;
  },
): boolean {
  return runtime === "webgpu" && gpu !== null && gpu.device.features.has("shader-f16");
}

/** Returns the name of a precision. */
export function precisionName({ precision, weightBits }: NetworkPrecision): PrecisionName {
  if (weightBits !== undefined) return weightBits === 8 ? "q8" : "q4";
  return precision === "float16" ? "fp16" : "fp32";
}

/** Returns the type of weight file to prefer, so that no more bytes are read than are used. */
export function preferredFile({ precision, weightBits }: NetworkPrecision): FloatType {
  return weightBits === undefined ? precision ?? "float32" : "float16";
}
