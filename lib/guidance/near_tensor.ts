import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { HostTensor, Runtime, Session } from "../onnx/runtime/session.ts";

/** A tensor where a runtime reads it without copying: on the GPU for "webgpu", else on the host. */
export type NearTensor = GpuTensor | HostTensor;

/**
 * Brings a tensor to where a runtime reads it.
 *
 * @returns A host tensor, or `tensor` itself, which is still the caller's.
 */
export async function bringNear(runtime: Runtime, tensor: NearTensor): Promise<NearTensor> {
  if (runtime === "webgpu" || !(tensor instanceof GpuTensor)) return tensor;
  return { data: await tensor.read(), shape: tensor.shape };
}

/** Runs a network and leaves its results where its runtime made them; the caller owns them. */
export async function runNear(
  session: Session,
  feeds: Readonly<Record<string, NearTensor>>,
): Promise<Record<string, NearTensor>> {
  if (session.runtime === "webgpu") return await session.run(feeds);
  return await session.runHost(feeds as Readonly<Record<string, HostTensor>>);
}

/** Frees a tensor if it is on the GPU. */
export function release(tensor: NearTensor): void {
  if (tensor instanceof GpuTensor) tensor[Symbol.dispose]();
}

/**
 * Returns the floats of a host tensor.
 *
 * @throws {TypeError} If it has integers.
 */
export function floatsOf({ data }: HostTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new TypeError("Cannot use a tensor of integers: expected float32");
}
