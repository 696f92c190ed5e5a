import type { GpuContext, GpuResource } from "./device.ts";
import { shapeSize } from "./shape_size.ts";

/** Type of the values of a tensor. All have 4 bytes. */
export type TensorType = "f32" | "u32" | "i32";

/** Values of a tensor, on the host. */
export type TensorData = Float32Array | Uint32Array | Int32Array;

const BYTES_PER_VALUE = 4;

/** A tensor in GPU memory, row-major. The creator disposes of it. */
export class GpuTensor implements GpuResource, Disposable {
  /** Name, for labels and messages. */
  readonly label: string;
  /** Dimensions, outermost first; [] for a single value. */
  readonly shape: readonly number[];
  /** Type of its values. */
  readonly dtype: TensorType;
  /** Its memory, for storage and copies. */
  readonly buffer: GPUBuffer;
  readonly #gpu: GpuContext;

  private constructor(
    gpu: GpuContext,
    buffer: GPUBuffer,
    parts: Pick<GpuTensor, "shape" | "label" | "dtype">,
  ) {
    this.#gpu = gpu;
    this.buffer = buffer;
    this.shape = parts.shape;
    this.label = parts.label;
    this.dtype = parts.dtype;
    gpu.resources.add(this);
  }

  /**
   * Creates a tensor of zeros.
   *
   * @param shape Dimensions, outermost first.
   * @param label Name, for messages.
   * @param dtype Type of the values. Default: "f32".
   * @throws {RangeError} If it is larger than the adapter allows.
   * @throws {DeviceLostError} If the device was lost.
   */
  static zeros(
    gpu: GpuContext,
    shape: readonly number[],
    label: string,
    dtype: TensorType = "f32",
  ): GpuTensor {
    const byteLength = shapeSize(shape) * BYTES_PER_VALUE;
    const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (byteLength > limit) {
      throw new RangeError(
        `Cannot create tensor "${label}" [${shape.join(", ")}]: ` +
          `expected at most ${limit} bytes on this adapter, got ${byteLength}`,
      );
    }
    gpu.assertAlive(`create tensor "${label}"`);
    const buffer = gpu.device.createBuffer({
      label,
      size: Math.max(BYTES_PER_VALUE, byteLength),
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    return new GpuTensor(gpu, buffer, { shape: [...shape], label, dtype });
  }

  /**
   * Creates a tensor from values. Its type is that of the array.
   *
   * @throws {RangeError} If the number of values does not fit the shape.
   */
  static from(
    gpu: GpuContext,
    data: TensorData,
    shape: readonly number[],
    label: string,
  ): GpuTensor {
    const dtype = typeOf(data);
    if (shapeSize(shape) !== data.length) {
      throw new RangeError(
        `Cannot create tensor "${label}" [${shape.join(", ")}]: ` +
          `expected ${shapeSize(shape)} values, got ${data.length}`,
      );
    }
    const tensor = GpuTensor.zeros(gpu, shape, label, dtype);
    tensor.write(data);
    return tensor;
  }

  /** Number of values. */
  get size(): number {
    return shapeSize(this.shape);
  }

  /** Number of bytes of its values. */
  get byteLength(): number {
    return this.size * BYTES_PER_VALUE;
  }

  /**
   * Replaces all values.
   *
   * @throws {TypeError} If the type or the size of the array differs.
   * @throws {DeviceLostError} If the device was lost.
   */
  write(data: TensorData): void {
    const dtype = typeOf(data);
    if (dtype !== this.dtype || data.length !== this.size) {
      throw new TypeError(
        `Cannot write tensor "${this.label}": expected ${this.size} values of type ${this.dtype}, ` +
          `got ${data.length} of type ${dtype}`,
      );
    }
    this.#gpu.assertAlive(`write tensor "${this.label}"`);
    this.#gpu.device.queue.writeBuffer(this.buffer, 0, data as Float32Array<ArrayBuffer>);
  }

  /**
   * Reads all values, after the work that was submitted before.
   *
   * @throws {TypeError} If they are not floats.
   * @throws {DeviceLostError} If the device was lost.
   */
  async read(): Promise<Float32Array<ArrayBuffer>> {
    if (this.dtype !== "f32") {
      throw new TypeError(`Cannot read tensor "${this.label}" as f32: it is ${this.dtype}`);
    }
    return new Float32Array(await this.#readBytes());
  }

  /**
   * Reads the bits of all values, of any type, after the work that was submitted before.
   *
   * @throws {DeviceLostError} If the device was lost.
   */
  async readU32(): Promise<Uint32Array<ArrayBuffer>> {
    return new Uint32Array(await this.#readBytes());
  }

  /** Frees its memory. Work that was submitted before still completes. */
  [Symbol.dispose](): void {
    this.#gpu.resources.delete(this);
    this.buffer.destroy();
  }

  async #readBytes(): Promise<ArrayBuffer> {
    const action = `read tensor "${this.label}"`;
    this.#gpu.assertAlive(action);
    try {
      return (await this.#gpu.readback.read(this.buffer)).slice(0, this.byteLength);
    } catch (error) {
      this.#gpu.assertAlive(action);
      throw error;
    }
  }
}

function typeOf(data: TensorData): TensorType {
  if (data instanceof Float32Array) return "f32";
  return data instanceof Uint32Array ? "u32" : "i32";
}
