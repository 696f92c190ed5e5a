import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { Feed, HostTensor } from "./feeds.ts";
import { sizeOf, type Value } from "./graph.ts";

/** All values of GPU tensors have 4 bytes. */
const BYTES_PER_VALUE = 4;

/** Where tensors of several pictures are put together. */
export interface JoinOptions {
  /** The tensor of one picture: its name, type and shape [N, …]. */
  readonly value: Value;
  /** Pictures that the result has room for; rows of places without a picture stay 0. */
  readonly copies: number;
}

/**
 * Puts tensors of several pictures below each other: [N, …] each -> [copies · N, …].
 *
 * @param tensors By the places of their pictures; all in host memory.
 */
export function joinOnHost(
  tensors: ReadonlyMap<number, HostTensor>,
  { value, copies }: JoinOptions,
): HostTensor {
  const size = sizeOf(value.shape);
  const data = value.type === "int64"
    ? new BigInt64Array(size * copies)
    : value.type === "int32"
    ? new Int32Array(size * copies)
    : new Float32Array(size * copies);
  for (const [slot, tensor] of tensors) {
    // The types of both are the one of the input, which was checked.
    (data as Float32Array).set(tensor.data as Float32Array, slot * size);
  }
  return { data, shape: joinedShape(value, copies) };
}

/**
 * Puts tensors of several pictures below each other on the GPU, as {@linkcode joinOnHost}.
 *
 * @returns A tensor that the caller owns.
 */
export function joinOnGpu(
  gpu: Gpu,
  tensors: ReadonlyMap<number, GpuTensor | HostTensor>,
  { value, copies }: JoinOptions,
): GpuTensor {
  const dtype = value.type === "int32" ? "i32" : "f32";
  const joined = GpuTensor.zeros(gpu, joinedShape(value, copies), value.name, dtype);
  const bytes = sizeOf(value.shape) * BYTES_PER_VALUE;
  const { device } = gpu;
  const encoder = device.createCommandEncoder({ label: `${value.name}, joining` });
  for (const [slot, tensor] of tensors) {
    if (tensor instanceof GpuTensor) {
      encoder.copyBufferToBuffer(tensor.buffer, 0, joined.buffer, slot * bytes, bytes);
    } else {
      device.queue.writeBuffer(
        joined.buffer,
        slot * bytes,
        tensor.data as Float32Array<ArrayBuffer>,
      );
    }
  }
  device.queue.submit([encoder.finish()]);
  return joined;
}

/** Brings the tensors of an input together where most of them are, which a session then takes. */
export function joinFeeds(
  gpu: Gpu | null,
  feeds: ReadonlyMap<number, Feed>,
  options: JoinOptions,
): GpuTensor | HostTensor {
  const tensors = feeds as ReadonlyMap<number, GpuTensor | HostTensor>;
  const isOnGpu = tensors.values().some((tensor) => tensor instanceof GpuTensor);
  if (isOnGpu && gpu) return joinOnGpu(gpu, tensors, options);
  return joinOnHost(tensors as ReadonlyMap<number, HostTensor>, options);
}

/** Returns the rows of one picture; they share the memory of all. */
export function partOnHost(joined: HostTensor, slot: number, { shape }: Value): HostTensor {
  const size = sizeOf(shape);
  return { data: joined.data.subarray(slot * size, (slot + 1) * size), shape };
}

/** Copies the rows of one picture into a tensor that the caller owns. */
export function partOnGpu(gpu: Gpu, joined: GpuTensor, slot: number, value: Value): GpuTensor {
  const part = GpuTensor.zeros(gpu, value.shape, value.name, joined.dtype);
  const encoder = gpu.device.createCommandEncoder({ label: `${value.name}, parting` });
  encoder.copyBufferToBuffer(
    joined.buffer,
    slot * part.byteLength,
    part.buffer,
    0,
    part.byteLength,
  );
  gpu.device.queue.submit([encoder.finish()]);
  return part;
}

function joinedShape({ shape }: Value, copies: number): number[] {
  const [rows, ...sides] = shape as [number, ...number[]];
  return [rows * copies, ...sides];
}
