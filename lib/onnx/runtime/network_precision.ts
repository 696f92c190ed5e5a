import type { FloatType } from "../../weights/float16.ts";
import type { WeightBits } from "../rewrite/quantized_weight.ts";
import type { Runtime } from "./session.ts";

/** In which precision a network is computed and its weights are kept. */
export interface NetworkPrecision {
  /** Type of what is computed. Default: "float32". */
  readonly precision?: FloatType;
  /** Bits of the weights of large linear layers. Default: as what is computed. */
  readonly weightBits?: WeightBits | undefined;
}

/** Name of a precision in a config: floats of 32 or 16 bits, or quantized weights of 8 or 4. */
export type PrecisionName = "fp32" | "fp16" | "q8" | "q4";

/** What the choice of a precision depends on. */
export interface PrecisionContext {
  /** What runs the networks. */
  readonly runtime: Runtime;
  /** The device; only what it can do matters. */
  readonly gpu: {
    /** Whether it computes on the CPU. */
    readonly isSoftware: boolean;
    /** What its kernels may use. */
    readonly device: { readonly features: { has(name: string): boolean } };
  };
}

/**
 * Chooses the precision of the networks.
 *
 * A GPU computes in float16 where it can, with quantized weights too; a CPU, and a software adapter
 * unless it is asked to, has no gain from it and computes in float32.
 *
 * @param wanted "auto" is "fp16" on hardware that can, else "fp32".
 */
export function choosePrecision(
  wanted: PrecisionName | "auto",
  { runtime, gpu }: PrecisionContext,
): Required<NetworkPrecision> {
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

/** Returns the type of the file to read where a folder has several: what is not kept need not be read. */
export function preferredFile({ precision, weightBits }: NetworkPrecision): FloatType {
  return weightBits === undefined ? precision ?? "float32" : "float16";
}
