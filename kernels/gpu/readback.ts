import { setImmediate } from "node:timers/promises";

/** Min size of a staging buffer that is kept, in bytes; sizes are powers of two. */
const MIN_BYTES = 2 ** 10;
/** Larger ones are not kept. */
const MAX_KEPT_BYTES = 2 ** 22;

/**
 * Copies buffers to the host.
 *
 * `GPUBuffer.mapAsync` of Deno 2.9.6 waits for the GPU and maps the buffer before it returns, but
 * its promise comes 10 ms later. So values that are already there are taken at once. This is tried
 * only with a staging buffer that was mapped before, and such buffers are kept for it: with a new
 * one, Deno ends the program. Where a runtime maps later, `getMappedRange` throws as WebGPU
 * demands, and the promise is awaited.
 */
export class Readback implements Disposable {
  readonly #device: GPUDevice;
  /** Staging buffers that were mapped before and are free, by size. */
  readonly #kept = new Map<number, GPUBuffer>();

  /** Creates no buffer yet; the device is borrowed. */
  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /**
   * Returns the content of a buffer, after the work that was submitted before.
   *
   * @param buffer Buffer with `COPY_SRC`; its size is a multiple of 4 bytes.
   */
  async read(buffer: GPUBuffer): Promise<ArrayBuffer> {
    const size = Math.max(MIN_BYTES, 2 ** Math.ceil(Math.log2(buffer.size)));
    const kept = this.#kept.get(size);
    this.#kept.delete(size);
    const staging = kept ?? this.#device.createBuffer({
      label: "staging",
      size: size > MAX_KEPT_BYTES ? buffer.size : size,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    using cleanup = new DisposableStack();
    cleanup.defer(() => staging.destroy());
    const encoder = this.#device.createCommandEncoder({ label: `${buffer.label}, reading` });
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
    this.#device.queue.submit([encoder.finish()]);
    const mapping = staging.mapAsync(GPUMapMode.READ, 0, buffer.size);
    const early = kept && takeMapped(staging, buffer.size);
    if (early) mapping.catch(() => {});
    else await mapping;
    const bytes = early ?? staging.getMappedRange(0, buffer.size).slice();
    staging.unmap();
    if (size <= MAX_KEPT_BYTES && !this.#kept.has(size)) {
      this.#kept.set(size, staging);
      cleanup.move();
    }
    // Timers and signals such as Ctrl-C get their turn, as they do while a promise is awaited.
    if (early) await setImmediate();
    return bytes;
  }

  /** Frees the kept buffers. */
  [Symbol.dispose](): void {
    for (const buffer of this.#kept.values()) buffer.destroy();
    this.#kept.clear();
  }
}

/** Returns the values of a buffer if it is mapped already. */
function takeMapped(buffer: GPUBuffer, size: number): ArrayBuffer | undefined {
  try {
    return buffer.getMappedRange(0, size).slice();
  } catch {
    return undefined;
  }
}
