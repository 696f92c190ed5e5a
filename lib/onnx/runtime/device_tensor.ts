import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import type { Feed, HostTensor } from "./feeds.ts";
import type { Runtime, Session, SessionResult } from "./session.ts";

/** A tensor on the device of a runtime: on the GPU for "webgpu", else in host memory. */
export type DeviceTensor = GpuTensor | HostTensor;

/**
 * Copies a tensor to the device of a runtime, if it is elsewhere.
 *
 * @returns A tensor in host memory, or `tensor` itself, which the caller still owns.
 */
export async function toRuntime<T extends Feed>(
  runtime: Runtime,
  tensor: T,
): Promise<T | HostTensor> {
  if (runtime === "webgpu" || !(tensor instanceof GpuTensor)) return tensor;
  return await downloadTensor(tensor);
}

/** Runs a network and leaves the outputs on the device of its runtime; the caller owns them. */
export async function runOnDevice(
  session: Session,
  feeds: Readonly<Record<string, Feed>>,
): Promise<SessionResult<GpuTensor | HostTensor>> {
  if (session.runtime === "webgpu") return await session.run(feeds);
  return await session.runHost(feeds as Parameters<Session["runHost"]>[0]);
}

/** Frees a tensor if it is on the GPU. */
export function release(tensor: DeviceTensor): void {
  if (tensor instanceof GpuTensor) tensor[Symbol.dispose]();
}

/** Reads a tensor of floats or 32-bit integers from the GPU. */
export async function downloadTensor(tensor: GpuTensor): Promise<HostTensor> {
  const { shape, dtype } = tensor;
  if (dtype === "f32") return { data: await tensor.read(), shape };
  const bits = await tensor.readU32();
  return { data: new Int32Array(bits.buffer, bits.byteOffset, bits.length), shape };
}
