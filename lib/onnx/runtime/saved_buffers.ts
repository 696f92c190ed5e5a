import type { Value } from "../graph/graph.ts";
import { SavedTensor } from "./feeds.ts";
import type { OrtRuntime } from "./ort_runtime.ts";

/**
 * Buffers for the saved tensors of a network. A buffer whose tensor was disposed of is used again
 * for the same output.
 */
export class SavedBuffers implements Disposable {
  readonly #device: GPUDevice;
  readonly #ort: OrtRuntime;
  readonly #free = new Map<string, GPUBuffer[]>();
  #isDisposed = false;

  /** Creates no buffer yet; the device and onnxruntime are borrowed. */
  constructor(device: GPUDevice, ort: OrtRuntime) {
    this.#device = device;
    this.#ort = ort;
  }

  /**
   * Returns a tensor for an output, with any content.
   *
   * @param size Size of its buffer, in bytes; the same in all calls for an output.
   * @returns A tensor that the caller disposes of.
   */
  take({ name, shape, type }: Value, size: number): SavedTensor {
    const free = this.#free.get(name) ?? [];
    this.#free.set(name, free);
    const buffer = free.pop() ?? this.#device.createBuffer({
      label: `${name}, saved`,
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    const tensor = this.#ort.ort.Tensor.fromGpuBuffer(buffer, {
      dataType: type as "float32",
      dims: [...shape],
    });
    let isActive = true;
    const dispose = () => {
      if (!isActive) return;
      isActive = false;
      tensor.dispose();
      if (this.#isDisposed) buffer.destroy();
      else free.push(buffer);
    };
    return new SavedTensor(Object.assign(tensor, { [Symbol.dispose]: dispose }));
  }

  /** Frees all buffers: those in use when their tensors are disposed of. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const buffer of [...this.#free.values()].flat()) buffer.destroy();
    this.#free.clear();
  }
}
