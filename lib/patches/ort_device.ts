import { BufferArena } from "./buffer_arena.ts";
import { CommandRecorder } from "./command_recorder.ts";
import { overrideMembers } from "./override_members.ts";
import { overrideShader } from "./shader_overrides.ts";
import { createUploadBuffer } from "./upload_via_write_buffer.ts";

/**
 * A device as onnxruntime sees it: the same device, but shaders are overridden when they are
 * compiled, uploads can be redirected, and commands can be recorded.
 *
 * Only calls through {@linkcode OrtDevice.device} are changed. The device itself stays as it is, so
 * the caller's own shaders and buffers are not affected.
 */
export class OrtDevice {
  static readonly #known = new WeakMap<GPUDevice, OrtDevice>();

  /** What onnxruntime gets instead of the device. */
  readonly device: GPUDevice;
  /** Records the commands of onnxruntime. */
  readonly recorder: CommandRecorder = new CommandRecorder();
  /** Buffers for inner values of all recorded networks. */
  readonly arena: BufferArena;
  #uploads = 0;

  private constructor(device: GPUDevice) {
    this.arena = new BufferArena(device);
    this.device = overrideMembers(device, this.#overridesOf(device));
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

  #overridesOf(device: GPUDevice): Partial<GPUDevice> {
    const { recorder } = this;
    const { queue } = device;
    const ownQueue = overrideMembers<GPUQueue>(queue, {
      writeBuffer: (buffer: GPUBuffer, offset: number, data: Uint8Array<ArrayBuffer>, ...rest) => {
        recorder.onWriteBuffer(buffer, offset, data);
        queue.writeBuffer(buffer, offset, data, ...rest);
      },
      submit: (buffers) => {
        recorder.onSubmit(buffers);
        queue.submit(buffers);
      },
    } as Partial<GPUQueue>);
    return {
      queue: ownQueue,
      createShaderModule: (descriptor) => {
        const code = overrideShader(descriptor.code);
        const module = device.createShaderModule({ ...descriptor, code });
        recorder.onShaderModule(module, code);
        return module;
      },
      createComputePipeline: (descriptor) => {
        const pipeline = device.createComputePipeline(descriptor);
        recorder.onPipeline(pipeline, descriptor);
        return pipeline;
      },
      createComputePipelineAsync: async (descriptor) => {
        const pipeline = await device.createComputePipelineAsync(descriptor);
        recorder.onPipeline(pipeline, descriptor);
        return pipeline;
      },
      createBuffer: (descriptor) => {
        const buffer = descriptor.mappedAtCreation && this.#uploads > 0
          ? createUploadBuffer(device, descriptor)
          : device.createBuffer(descriptor);
        recorder.onBuffer(buffer, descriptor);
        return buffer;
      },
      createBindGroup: (descriptor) => {
        const group = device.createBindGroup(descriptor);
        recorder.onBindGroup(group, descriptor);
        return group;
      },
      createCommandEncoder: (descriptor) =>
        recorder.watchEncoder(device.createCommandEncoder(descriptor)),
    };
  }
}
