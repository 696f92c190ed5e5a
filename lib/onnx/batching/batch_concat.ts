import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import type { HostTensor } from "../runtime/feeds.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Value } from "../graph/graph.ts";

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
  const size = shapeSize(value.shape);
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

/** Records copies on the GPU, which are sent together: each sending costs more than a copy. */
export class RowCopies {
  readonly #gpu: Gpu;
  readonly #encoder: GPUCommandEncoder;

  /** Begins to record. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#encoder = gpu.device.createCommandEncoder({ label: "rows" });
  }

  /**
   * Puts tensors of several pictures below each other, as {@linkcode joinOnHost}.
   *
   * @returns A tensor that the caller owns.
   */
  join(
    tensors: ReadonlyMap<number, GpuTensor | HostTensor>,
    { value, copies }: JoinOptions,
  ): GpuTensor {
    const dtype = value.type === "int32" ? "i32" : "f32";
    const joined = GpuTensor.zeros(this.#gpu, joinedShape(value, copies), value.name, dtype);
    const bytes = shapeSize(value.shape) * BYTES_PER_VALUE;
    for (const [slot, tensor] of tensors) {
      if (tensor instanceof GpuTensor) {
        this.#encoder.copyBufferToBuffer(tensor.buffer, 0, joined.buffer, slot * bytes, bytes);
      } else {
        const data = tensor.data as Float32Array<ArrayBuffer>;
        this.#gpu.device.queue.writeBuffer(joined.buffer, slot * bytes, data);
      }
    }
    return joined;
  }

  /** Takes the rows of one picture into a tensor that the caller owns. */
  part(joined: GpuTensor, slot: number, value: Value): GpuTensor {
    const part = GpuTensor.zeros(this.#gpu, value.shape, value.name, joined.dtype);
    const { byteLength } = part;
    this.#encoder.copyBufferToBuffer(joined.buffer, slot * byteLength, part.buffer, 0, byteLength);
    return part;
  }

  /** Sends what was recorded. */
  submit(): void {
    this.#gpu.device.queue.submit([this.#encoder.finish()]);
  }
}

/** Returns the rows of one picture; they share the memory of all. */
export function partOnHost(joined: HostTensor, slot: number, { shape }: Value): HostTensor {
  const size = shapeSize(shape);
  return { data: joined.data.subarray(slot * size, (slot + 1) * size), shape };
}

function joinedShape({ shape }: Value, copies: number): number[] {
  const [rows, ...sides] = shape as [number, ...number[]];
  return [rows * copies, ...sides];
}
