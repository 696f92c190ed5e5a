import { Readback } from "./readback.ts";

/** The GPU is gone: unplugged, reset, or taken by the driver after a shader that ran too long. */
export class DeviceLostError extends Error {
  /** Name of the class, as it is printed. */
  override readonly name = "DeviceLostError";

  /** Names the action that failed and the reason of the loss. */
  constructor(action: string, reason: string) {
    super(`Cannot ${action}: the GPU device was lost (${reason}); run again with --resume`);
  }
}

/** Memory on a device. */
export interface GpuResource {
  /** Name, for messages. */
  readonly label: string;
  /** Size in bytes. */
  readonly byteLength: number;
}

/** A WebGPU device and the list of the memory in use on it. */
export class GpuContext {
  /** The device. onnxruntime shares it. */
  readonly device: GPUDevice;
  /** Resources that were created and not yet freed. Each adds and removes itself. */
  readonly resources: Set<GpuResource> = new Set<GpuResource>();
  /** Copies buffers to the host. */
  readonly readback: Readback;
  #lostReason: string | undefined;

  /** Watches the device for its loss. */
  constructor(device: GPUDevice) {
    this.device = device;
    this.readback = new Readback(device);
    device.lost.then(({ reason, message }) => {
      this.#lostReason = message || String(reason);
    });
  }

  /**
   * Checks that the device is usable.
   *
   * @param action What needs it, for the message, such as "submit work".
   * @throws {DeviceLostError} If the device was lost.
   */
  assertAlive(action: string): void {
    if (this.#lostReason !== undefined) throw new DeviceLostError(action, this.#lostReason);
  }
}
