import { overrideShader } from "./shader_overrides.ts";
import { createUploadBuffer } from "./upload_via_write_buffer.ts";

/**
 * A device as onnxruntime sees it: the same device, but shaders are overridden when they are
 * compiled, and uploads can be redirected.
 *
 * Only calls through {@linkcode OrtDevice.device} are changed. The device itself stays as it is, so
 * the caller's own shaders and buffers are not affected.
 */
export class OrtDevice {
  static readonly #known = new WeakMap<GPUDevice, OrtDevice>();

  /** What onnxruntime gets instead of the device. */
  readonly device: GPUDevice;
  #uploads = 0;

  private constructor(device: GPUDevice) {
    const overrides: Partial<GPUDevice> = {
      createShaderModule: (descriptor) =>
        device.createShaderModule({ ...descriptor, code: overrideShader(descriptor.code) }),
      createBuffer: (descriptor) =>
        descriptor.mappedAtCreation && this.#uploads > 0
          ? createUploadBuffer(device, descriptor)
          : device.createBuffer(descriptor),
    };
    const methods = new Map<PropertyKey, unknown>(Object.entries(overrides));
    this.device = new Proxy(device, {
      get(target, key) {
        const known = methods.get(key);
        if (known !== undefined) return known;
        // The device accepts only itself as `this`.
        const value = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        const bound = value.bind(target);
        methods.set(key, bound);
        return bound;
      },
      set: (target, key, value) => Reflect.set(target, key, value, target),
    });
  }

  /** Returns the one of a device; onnxruntime must always get the same. */
  static of(device: GPUDevice): OrtDevice {
    const found = OrtDevice.#known.get(device) ?? new OrtDevice(device);
    OrtDevice.#known.set(device, found);
    return found;
  }

  /**
   * Uploads through `GPUQueue.writeBuffer` until the result is disposed of:
   * {@linkcode createUploadBuffer}. Calls may overlap; the last one that ends restores the uploads.
   */
  uploadViaWriteBuffer(): Disposable {
    this.#uploads++;
    let isActive = true;
    return {
      [Symbol.dispose]: () => {
        if (isActive) this.#uploads--;
        isActive = false;
      },
    };
  }
}
