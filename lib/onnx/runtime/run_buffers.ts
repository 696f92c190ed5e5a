import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { bytesOf } from "../graph/graph_memory.ts";
import type { Feed, SavedTensor } from "./feeds.ts";
import type { OrtRuntime, OrtTensor } from "./ort_runtime.ts";
import { GRANULARITY_BYTES } from "./padded_buffer.ts";
import { SavedBuffers } from "./saved_buffers.ts";
import type { SessionResult } from "./session.ts";

/** The buffer of an input or output, and what onnxruntime calls it. */
interface BoundTensor {
  readonly value: Value;
  readonly buffer: GPUBuffer;
  readonly tensor: OrtTensor;
}

/** Buffers for the inputs and outputs of a network, which are the same in each run. */
export class RunBuffers implements Disposable {
  readonly #gpu: Gpu;
  readonly #ort: OrtRuntime;
  readonly #graph: Pick<Graph, "name" | "inputs" | "outputs">;
  readonly #saved: ReadonlySet<string>;
  readonly #savedBuffers: SavedBuffers;
  #bound: readonly BoundTensor[] | undefined;

  /** Creates no buffer yet; device and onnxruntime are borrowed. */
  constructor(
    { name, inputs, outputs, saved }: Graph,
    { gpu, ort }: { readonly gpu: Gpu; readonly ort: OrtRuntime },
  ) {
    this.#gpu = gpu;
    this.#ort = ort;
    this.#graph = { name, inputs, outputs };
    this.#saved = new Set(saved);
    this.#savedBuffers = new SavedBuffers(gpu.device, ort);
  }

  /** The inputs by name, for onnxruntime. */
  get inputs(): Record<string, OrtTensor> {
    return this.#tensorsOf(this.#graph.inputs);
  }

  /** The outputs by name, for onnxruntime. */
  get outputs(): Record<string, OrtTensor> {
    return this.#tensorsOf(this.#graph.outputs);
  }

  /** All buffers. */
  get all(): ReadonlySet<GPUBuffer> {
    return new Set(this.#boundOf().map(({ buffer }) => buffer));
  }

  /** Encodes copies of the inputs into their buffers. Values in host memory are written now. */
  load(encoder: GPUCommandEncoder, feeds: Readonly<Record<string, Feed>>): void {
    for (const { value, buffer } of this.#boundOf().slice(0, this.#graph.inputs.length)) {
      const feed = feeds[value.name]!;
      if ("data" in feed) {
        this.#gpu.device.queue.writeBuffer(buffer, 0, feed.data as Float32Array<ArrayBuffer>);
      } else {
        const from = feed instanceof GpuTensor ? feed.buffer : bufferOf(feed);
        copy(encoder, from, buffer);
      }
    }
  }

  /** Creates the tensors of a result, with any content. */
  createResult(owned: DisposableStack): SessionResult<GpuTensor> {
    const outputs: Record<string, GpuTensor> = {};
    const saved: Record<string, SavedTensor> = {};
    for (const value of this.#graph.outputs) {
      const { name, shape, type } = value;
      if (this.#saved.has(name)) {
        saved[name] = owned.use(this.#savedBuffers.take(value, paddedSize(value)));
      } else {
        const dtype = type === "int32" ? "i32" : "f32";
        outputs[name] = owned.use(GpuTensor.zeros(this.#gpu, shape, name, dtype));
      }
    }
    return { outputs, saved };
  }

  /** Encodes copies of the outputs into the tensors of a result. */
  store(encoder: GPUCommandEncoder, { outputs, saved }: SessionResult<GpuTensor>): void {
    for (const { value: { name }, buffer } of this.#boundOf().slice(this.#graph.inputs.length)) {
      copy(encoder, buffer, outputs[name]?.buffer ?? bufferOf(saved[name]!));
    }
  }

  /** Frees the buffers that no tensor of a result uses. They are created again when needed. */
  release(): void {
    for (const { buffer, tensor } of this.#bound ?? []) {
      tensor.dispose();
      buffer.destroy();
    }
    this.#bound = undefined;
    this.#savedBuffers[Symbol.dispose]();
  }

  /** Frees the buffers; those of saved tensors with their tensors. */
  [Symbol.dispose](): void {
    this.release();
  }

  #boundOf(): readonly BoundTensor[] {
    const { inputs, outputs } = this.#graph;
    return this.#bound ??= [...inputs, ...outputs].map((value) => {
      const buffer = this.#gpu.device.createBuffer({
        label: `${this.#graph.name}, ${value.name}`,
        size: paddedSize(value),
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
      });
      const dataType = value.type as "float32";
      const dims = [...value.shape];
      return {
        value,
        buffer,
        tensor: this.#ort.ort.Tensor.fromGpuBuffer(buffer, { dataType, dims }),
      };
    });
  }

  #tensorsOf(values: readonly Value[]): Record<string, OrtTensor> {
    const bound = this.#boundOf().filter(({ value }) => values.includes(value));
    return Object.fromEntries(bound.map(({ value, tensor }) => [value.name, tensor]));
  }
}

/** Size of a buffer that onnxruntime can use, in bytes. */
function paddedSize(value: Value): number {
  return Math.ceil(Math.max(1, bytesOf(value)) / GRANULARITY_BYTES) * GRANULARITY_BYTES;
}

/** Copies as much as both buffers have: one may be padded. */
function copy(encoder: GPUCommandEncoder, from: GPUBuffer, to: GPUBuffer): void {
  encoder.copyBufferToBuffer(from, 0, to, 0, Math.min(from.size, to.size));
}

function bufferOf(saved: SavedTensor): GPUBuffer {
  return (saved.tensor as unknown as { readonly gpuBuffer: GPUBuffer }).gpuBuffer;
}
