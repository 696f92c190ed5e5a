import { type Problem, uniformsOf } from "./problem.ts";
import type { Variant } from "./variant.ts";

/** A version of a shader that multiplies. */
export interface Kernel {
  readonly name: string;
  readonly variant?: Variant;
  readonly code: (problem: Problem) => string;
}

/** Tells whether a kernel has a shader for a problem. */
export function canRun({ variant }: Kernel, { conv }: Problem): boolean {
  if (!conv || !variant) return true;
  return !variant.isWide && (variant.packing !== "dot" || variant.memory === "packed");
}

/** A pipeline with its operands. */
export interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [x: number, y: number, z: number];
}

/** Records a run. */
export function encode(
  encoder: GPUCommandEncoder,
  { pipeline, bindGroup, workgroups }: Dispatch,
  timestampWrites?: GPUComputePassTimestampWrites,
): void {
  const pass = encoder.beginComputePass(timestampWrites && { timestampWrites });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...workgroups);
  pass.end();
}

/** Copies a buffer to the host. */
export async function readBuffer(device: GPUDevice, buffer: GPUBuffer): Promise<ArrayBuffer> {
  const staging = device.createBuffer({
    size: buffer.size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  return bytes;
}

/** Numbers of about 1 that do not repeat by rows. */
function noise(count: number, scale: number): Float16Array<ArrayBuffer> {
  const period = Math.min(count, 1_000_003);
  const values = new Float16Array(count);
  let state = 12345;
  for (let i = 0; i < period; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = (state / 2 ** 31 - 1) * scale;
  }
  for (let i = period; i < count; i += period) {
    values.set(values.subarray(0, Math.min(period, count - i)), i);
  }
  return values;
}

/** Pipelines by code. */
const PIPELINES = new Map<string, GPUComputePipeline>();

/** Buffers and values of a problem. */
export class Bench {
  readonly #a: Float16Array<ArrayBuffer>;
  readonly #b: Float16Array<ArrayBuffer>;
  readonly #c: Float16Array<ArrayBuffer>;
  readonly #buffers: GPUBuffer[];
  readonly #output: GPUBuffer;

  constructor(readonly device: GPUDevice, readonly problem: Problem) {
    const { rows, sum, columns, conv } = problem;
    const images = conv?.images ?? 1;
    this.#a = noise(conv ? rows * conv.channels * images : rows * sum, 1);
    this.#b = noise(sum * columns, 2 / Math.sqrt(sum));
    this.#c = noise(columns, 1);
    this.#output = device.createBuffer({
      size: rows * columns * images * 2,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    this.#buffers = [
      ...[this.#a, this.#b, this.#c].map((values) => this.#upload(values, GPUBufferUsage.STORAGE)),
      this.#output,
      this.#upload(uniformsOf(problem), GPUBufferUsage.UNIFORM),
    ];
  }

  #upload(values: Float16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>, usage: number): GPUBuffer {
    const size = Math.ceil(values.byteLength / 16) * 16;
    const buffer = this.device.createBuffer({ size, usage: usage | GPUBufferUsage.COPY_DST });
    const bytes = new Uint8Array(size);
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.device.queue.writeBuffer(buffer, 0, bytes);
    return buffer;
  }

  async #pipeline(kernel: Kernel): Promise<GPUComputePipeline> {
    const code = kernel.code(this.problem);
    const known = PIPELINES.get(code);
    if (known) return known;
    this.device.pushErrorScope("validation");
    const module = this.device.createShaderModule({ code });
    const pipeline = this.device.createComputePipeline({ layout: "auto", compute: { module } });
    const error = await this.device.popErrorScope();
    if (error) throw new Error(error.message);
    PIPELINES.set(code, pipeline);
    return pipeline;
  }

  /** Prepares a run. */
  async dispatch(kernel: Kernel): Promise<Dispatch> {
    const pipeline = await this.#pipeline(kernel);
    const bindGroup = this.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: this.#buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const { rows, columns, conv } = this.problem;
    // As many workgroups as onnxruntime has, for tiles of 32 x 32.
    const [x, y] = [Math.ceil(columns / 32), Math.ceil(rows / 32)];
    return { pipeline, bindGroup, workgroups: [x, y, conv?.images ?? 1] };
  }

  /** Runs a kernel and returns the relative error of all values, against sums in float64. */
  async errorOf(kernel: Kernel): Promise<number> {
    const encoder = this.device.createCommandEncoder();
    // A kernel must write all values; zeros are wrong by their bias at least.
    encoder.clearBuffer(this.#output);
    encode(encoder, await this.dispatch(kernel));
    this.device.queue.submit([encoder.finish()]);
    const values = new Float16Array(await readBuffer(this.device, this.#output));
    const { columns } = this.problem;
    let [error, norm] = [0, 0];
    for (let row = 0; row < values.length / columns; row++) {
      const expected = this.#expect(row);
      for (let n = 0; n < columns; n++) {
        error += (values[row * columns + n]! - expected[n]!) ** 2;
        norm += expected[n]! ** 2;
      }
    }
    return Math.sqrt(error / norm);
  }

  readonly #known = new Map<number, Float64Array>();

  #expect(row: number): Float64Array {
    const known = this.#known.get(row);
    if (known) return known;
    const { sum, columns, conv } = this.problem;
    const [a, b] = [Float32Array.from(this.#valuesOfRow(row)), this.#b];
    const result = Float64Array.from(this.#c);
    if (conv) {
      for (let k = 0; k < sum; k++) {
        for (let n = 0; n < columns; n++) result[n]! += a[k]! * b[k * columns + n]!;
      }
    } else {
      for (let n = 0; n < columns; n++) {
        let total = 0;
        for (let k = 0; k < sum; k++) total += a[k]! * b[n * sum + k]!;
        result[n]! += total;
      }
    }
    this.#known.set(row, result);
    return result;
  }

  /** The values of A that a row of the result needs. */
  #valuesOfRow(row: number): ArrayLike<number> {
    const { sum, rows, conv } = this.problem;
    if (!conv) return this.#a.subarray(row * sum, (row + 1) * sum);
    const { side, channels } = conv;
    const [image, pixel] = [Math.floor(row / rows), row % rows];
    const values = new Float32Array(sum);
    for (let tap = 0; tap < 9; tap++) {
      const y = Math.floor(pixel / side) + Math.floor(tap / 3) - 1;
      const x = pixel % side + tap % 3 - 1;
      if (y < 0 || y >= side || x < 0 || x >= side) continue;
      const from = ((image * side + y) * side + x) * channels;
      for (let ch = 0; ch < channels; ch++) values[tap * channels + ch] = this.#a[from + ch]!;
    }
    return values;
  }
}
