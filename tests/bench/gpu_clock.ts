/** Time of a shader. */
export interface ShaderTime {
  /** Label of its module: an operator of onnxruntime, or one of our kernels. */
  readonly name: string;
  /** Sum over all runs, in milliseconds on the GPU. */
  readonly milliseconds: number;
  /** Number of runs. */
  readonly runs: number;
}

/** Timestamps of a query set. */
const CAPACITY = 4096;

/** Times of the runs between two marks, in order. */
interface Page {
  readonly querySet: GPUQuerySet;
  readonly names: string[];
}

/**
 * Measures the time of each shader on the GPU, by timestamps around each of its runs.
 *
 * It patches the classes of WebGPU, so start it before any device is requested. While it is on,
 * each run has its own pass. That takes longer in total, but not for a shader.
 */
export class GpuClock {
  /** Whether runs are measured. */
  isOn = false;
  readonly #names = new WeakMap<GPUShaderModule | GPUComputePipeline, string>();
  #pages: Page[] = [];

  /** Starts to watch all devices that are requested from now on. */
  constructor() {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = function (descriptor = {}) {
      const requiredFeatures = [...descriptor.requiredFeatures ?? [], "timestamp-query" as const];
      return requestDevice.call(this, { ...descriptor, requiredFeatures });
    };
    const { createShaderModule, createComputePipeline, createComputePipelineAsync } =
      GPUDevice.prototype;
    const { createCommandEncoder } = GPUDevice.prototype;
    const names = this.#names;
    GPUDevice.prototype.createShaderModule = function (descriptor) {
      const module = createShaderModule.call(this, descriptor);
      names.set(module, descriptor.label ?? "?");
      return module;
    };
    GPUDevice.prototype.createComputePipeline = function (descriptor) {
      const pipeline = createComputePipeline.call(this, descriptor);
      names.set(pipeline, names.get(descriptor.compute.module) ?? "?");
      return pipeline;
    };
    // onnxruntime creates its pipelines this way.
    GPUDevice.prototype.createComputePipelineAsync = async function (descriptor) {
      const pipeline = await createComputePipelineAsync.call(this, descriptor);
      names.set(pipeline, names.get(descriptor.compute.module) ?? "?");
      return pipeline;
    };
    const watch = (device: GPUDevice, encoder: GPUCommandEncoder) => this.#watch(device, encoder);
    GPUDevice.prototype.createCommandEncoder = function (descriptor) {
      return watch(this, createCommandEncoder.call(this, descriptor));
    };
  }

  /** Returns the times since the last call, longest first. */
  async read(device: GPUDevice): Promise<ShaderTime[]> {
    const times = new Map<string, { milliseconds: number; runs: number }>();
    for (const { querySet, names } of this.#pages) {
      const marks = await readMarks(device, querySet, 2 * names.length);
      for (const [i, name] of names.entries()) {
        const time = times.get(name) ?? { milliseconds: 0, runs: 0 };
        time.milliseconds += Number(marks[2 * i + 1]! - marks[2 * i]!) / 1e6;
        time.runs++;
        times.set(name, time);
      }
    }
    this.#pages = [];
    return [...times].map(([name, time]) => ({ name, ...time }))
      .sort((a, b) => b.milliseconds - a.milliseconds);
  }

  /** Gives each run of a shader its own pass with timestamps. */
  #watch(device: GPUDevice, encoder: GPUCommandEncoder): GPUCommandEncoder {
    const { beginComputePass } = encoder;
    encoder.beginComputePass = (descriptor) => {
      if (!this.isOn) return beginComputePass.call(encoder, descriptor);
      let pipeline: GPUComputePipeline | undefined;
      const groups = new Map<number, readonly unknown[]>();
      return {
        setPipeline: (next: GPUComputePipeline) => pipeline = next,
        setBindGroup: (index: number, ...rest: unknown[]) => groups.set(index, rest),
        dispatchWorkgroups: (x: number, y?: number, z?: number) => {
          const timestampWrites = this.#mark(device, this.#names.get(pipeline!) ?? "?");
          const pass = beginComputePass.call(encoder, { timestampWrites });
          pass.setPipeline(pipeline!);
          for (const [index, rest] of groups) {
            pass.setBindGroup(index, ...rest as [GPUBindGroup]);
          }
          pass.dispatchWorkgroups(x, y, z);
          pass.end();
        },
        end() {},
      } as unknown as GPUComputePassEncoder;
    };
    return encoder;
  }

  #mark(device: GPUDevice, name: string): GPUComputePassTimestampWrites {
    let page = this.#pages.at(-1);
    if (!page || 2 * page.names.length === CAPACITY) {
      const querySet = device.createQuerySet({ type: "timestamp", count: CAPACITY });
      page = { querySet, names: [] };
      this.#pages.push(page);
    }
    page.names.push(name);
    const end = 2 * page.names.length - 1;
    return {
      querySet: page.querySet,
      beginningOfPassWriteIndex: end - 1,
      endOfPassWriteIndex: end,
    };
  }
}

async function readMarks(
  device: GPUDevice,
  querySet: GPUQuerySet,
  count: number,
): Promise<BigUint64Array> {
  const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const size = 8 * count;
  const resolved = device.createBuffer({ size, usage: QUERY_RESOLVE | COPY_SRC });
  const copy = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
  const encoder = device.createCommandEncoder();
  encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, copy, 0, size);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(GPUMapMode.READ);
  const marks = new BigUint64Array(copy.getMappedRange().slice(0));
  for (const buffer of [resolved, copy]) buffer.destroy();
  querySet.destroy();
  return marks;
}
