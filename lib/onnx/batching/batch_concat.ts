import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Value } from "../graph/graph.ts";
import type { HostTensor } from "../runtime/feeds.ts";

/** All values of GPU tensors have 4 bytes. */
const BYTES_PER_VALUE = 4;

/** How tensors of several pictures are concatenated. */
export interface ConcatOptions {
  /** The tensor of one picture: its name, type and shape [N, …]. */
  readonly value: Value;
  /** Slots of the result; a slot without a tensor is filled with zeros. */
  readonly batchSize: number;
}

/**
 * Concatenates tensors of several pictures along the first dimension: [N, …] each
 * -> [batchSize * N, …].
 *
 * @param tensors The tensors in host memory, by the slots of their pictures.
 */
export function concatHost(
  tensors: ReadonlyMap<number, HostTensor>,
  { value, batchSize }: ConcatOptions,
): HostTensor {
  const size = shapeSize(value.shape);
  const data = value.type === "int64"
    ? new BigInt64Array(size * batchSize)
    : value.type === "int32"
    ? new Int32Array(size * batchSize)
    : new Float32Array(size * batchSize);
  for (const [slot, tensor] of tensors) {
    // Both have the type of the input, which was checked.
    (data as Float32Array).set(tensor.data as Float32Array, slot * size);
  }
  return { data, shape: batchedShape(value, batchSize) };
}

/** Returns the part of one slot; it shares the memory of the whole. */
export function splitHost(batch: HostTensor, slot: number, { shape }: Value): HostTensor {
  const size = shapeSize(shape);
  return { data: batch.data.subarray(slot * size, (slot + 1) * size), shape };
}

/** Records copies on the GPU and submits them together: a submission costs more than a copy. */
export class BatchCopies {
  readonly #gpu: Gpu;
  readonly #encoder: GPUCommandEncoder;

  /** Starts to record. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#encoder = gpu.device.createCommandEncoder({ label: "batch copies" });
  }

  /**
   * Concatenates tensors of several pictures, as {@linkcode concatHost}.
   *
   * @returns A tensor that the caller owns.
   */
  concat(
    tensors: ReadonlyMap<number, GpuTensor | HostTensor>,
    { value, batchSize }: ConcatOptions,
  ): GpuTensor {
    const dtype = value.type === "int32" ? "i32" : "f32";
    const shape = batchedShape(value, batchSize);
    const batch = GpuTensor.zeros(this.#gpu, shape, value.name, dtype);
    const bytes = shapeSize(value.shape) * BYTES_PER_VALUE;
    for (const [slot, tensor] of tensors) {
      if (tensor instanceof GpuTensor) {
        this.#encoder.copyBufferToBuffer(tensor.buffer, 0, batch.buffer, slot * bytes, bytes);
      } else {
        const data = tensor.data as Float32Array<ArrayBuffer>;
        this.#gpu.device.queue.writeBuffer(batch.buffer, slot * bytes, data);
      }
    }
    return batch;
  }

  /** Copies the part of one slot into a tensor that the caller owns. */
  split(batch: GpuTensor, slot: number, value: Value): GpuTensor {
    const part = GpuTensor.zeros(this.#gpu, value.shape, value.name, batch.dtype);
    const { byteLength } = part;
    this.#encoder.copyBufferToBuffer(batch.buffer, slot * byteLength, part.buffer, 0, byteLength);
    return part;
  }

  /** Submits the copies. */
  submit(): void {
    this.#gpu.device.queue.submit([this.#encoder.finish()]);
  }
}

function batchedShape({ shape }: Value, batchSize: number): number[] {
  const [rows, ...inner] = shape as [number, ...number[]];
  return [rows * batchSize, ...inner];
}
