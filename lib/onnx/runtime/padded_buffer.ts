import type { GpuTensor } from "../../../kernels/gpu/tensor.ts";

/** onnxruntime reads and writes four 4-byte values at a time. */
export const GRANULARITY_BYTES = 16;

/** A buffer whose size onnxruntime can use. */
export interface PaddedBuffer extends Disposable {
  /** The buffer, at least as large as the tensor. */
  readonly buffer: GPUBuffer;
  /** Copies the values of the tensor into the buffer. */
  load(): void;
  /** Copies the values of the buffer into the tensor. */
  store(): void;
}

/**
 * Returns a buffer for a tensor: that of the tensor if its size is suitable, else a larger one.
 *
 * @returns A buffer that the caller disposes of; the tensor is borrowed.
 */
export function paddedBuffer(device: GPUDevice, tensor: GpuTensor): PaddedBuffer {
  const { buffer, byteLength, label } = tensor;
  if (buffer.size % GRANULARITY_BYTES === 0) {
    return { buffer, load() {}, store() {}, [Symbol.dispose]() {} };
  }
  const padded = device.createBuffer({
    label: `${label}, padded`,
    size: Math.ceil(buffer.size / GRANULARITY_BYTES) * GRANULARITY_BYTES,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  const copy = (from: GPUBuffer, to: GPUBuffer) => {
    const encoder = device.createCommandEncoder({ label: `${label}, padding` });
    encoder.copyBufferToBuffer(from, 0, to, 0, byteLength);
    device.queue.submit([encoder.finish()]);
  };
  return {
    buffer: padded,
    load: () => copy(buffer, padded),
    store: () => copy(padded, buffer),
    [Symbol.dispose]: () => padded.destroy(),
  };
}
