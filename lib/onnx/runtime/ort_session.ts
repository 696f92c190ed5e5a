import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import type { Graph } from "../graph/graph.ts";
import { checkFeeds, type Feed, type HostTensor, SavedTensor } from "./feeds.ts";
import { downloadTensor } from "./device_tensor.ts";
import type { OrtInferenceSession, OrtRuntime, OrtTensor } from "./ort_runtime.ts";
import { paddedBuffer } from "./padded_buffer.ts";
import type { Runtime, Session, SessionResult } from "./session.ts";
import { explainFailure, SessionError } from "./session_error.ts";

/** What a session is made of. */
export interface OrtSessionParts {
  /** The loaded onnxruntime. */
  readonly ort: OrtRuntime;
  /** The loaded network; the session releases it. */
  readonly session: OrtInferenceSession;
  /** What runs it. */
  readonly runtime: Runtime;
  /** Device of the tensors. */
  readonly gpu: Gpu | null;
}

/** A network that onnxruntime runs. */
export class OrtSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly runtime: Runtime;
  readonly #gpu: Gpu | null;
  readonly #graph: Graph;
  readonly #saved: ReadonlySet<string>;
  readonly #ort: OrtRuntime;
  #session: OrtInferenceSession | undefined;

  /** Takes over a loaded network. */
  constructor(graph: Graph, { ort, session, runtime, gpu }: OrtSessionParts) {
    this.inputNames = graph.inputs.map(({ name }) => name);
    this.outputNames = graph.outputs.map(({ name }) => name);
    this.runtime = runtime;
    this.#gpu = gpu;
    // The weights have been read: their files need not stay open for this session.
    this.#graph = { ...graph, weights: [], constants: [] };
    this.#saved = new Set(graph.saved);
    this.#ort = ort;
    this.#session = session;
  }

  async run(feeds: Readonly<Record<string, Feed>>): Promise<SessionResult<GpuTensor>> {
    checkFeeds(this.#graph, feeds);
    const gpu = this.#gpu;
    if (!gpu) throw this.#failure("it was loaded without a GPU device, for host tensors only");
    if (this.runtime === "webgpu") return await this.#runOnGpu(gpu, feeds);
    const hostFeeds: Record<string, HostTensor | SavedTensor> = {};
    for (const [name, feed] of Object.entries(feeds)) {
      hostFeeds[name] = feed instanceof GpuTensor ? await downloadTensor(feed) : feed;
    }
    const { outputs, saved } = await this.runHost(hostFeeds);
    const uploaded: Record<string, GpuTensor> = {};
    for (const [name, { data, shape }] of Object.entries(outputs)) {
      if (data instanceof BigInt64Array) throw this.#noGpuTensor(name, "int64");
      uploaded[name] = GpuTensor.from(gpu, data, shape, name);
    }
    return { outputs: uploaded, saved };
  }

  async runHost(
    feeds: Readonly<Record<string, HostTensor | SavedTensor>>,
  ): Promise<SessionResult<HostTensor>> {
    checkFeeds(this.#graph, feeds);
    const tensors: Record<string, OrtTensor> = {};
    for (const [name, feed] of Object.entries(feeds)) tensors[name] = this.#wrapHost(feed);
    // On the CPU it blocks this thread. Before it, let timers and signals such as Ctrl-C in.
    if (this.runtime === "wasm") await new Promise((resolve) => setTimeout(resolve, 0));
    const results = await this.#runExclusive((session) => session.run(tensors));
    const outputs: Record<string, HostTensor> = {};
    for (const [name, tensor] of Object.entries(results)) {
      if (this.#saved.has(name)) continue;
      const data = await tensor.getData(true) as HostTensor["data"];
      outputs[name] = { data, shape: tensor.dims };
      tensor.dispose();
    }
    return { outputs, saved: this.#savedOf(results) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session) await this.#ort.runExclusive(() => session.release());
  }

  /** The outputs are written into our own tensors, so that all tensors are owned alike. */
  async #runOnGpu(
    gpu: Gpu,
    feeds: Readonly<Record<string, Feed>>,
  ): Promise<SessionResult<GpuTensor>> {
    using wrappers = new DisposableStack();
    const wrap = (tensor: GpuTensor) => {
      const padded = wrappers.use(paddedBuffer(gpu.device, tensor));
      const dataType = tensor.dtype === "i32" ? "int32" : "float32";
      const dims = [...tensor.shape];
      const wrapper = this.#ort.ort.Tensor.fromGpuBuffer(padded.buffer, { dataType, dims });
      wrappers.defer(() => wrapper.dispose());
      return { padded, wrapper };
    };
    const tensors: Record<string, OrtTensor> = {};
    for (const [name, feed] of Object.entries(feeds)) {
      if (feed instanceof GpuTensor) {
        const { padded, wrapper } = wrap(feed);
        padded.load();
        tensors[name] = wrapper;
      } else {
        tensors[name] = this.#wrapHost(feed);
      }
    }
    using owned = new DisposableStack();
    const outputs: Record<string, GpuTensor> = {};
    const fetches: Record<string, OrtTensor | null> = {};
    const stores: (() => void)[] = [];
    for (const { name, shape, type } of this.#graph.outputs) {
      // The runtime allocates a buffer where it is given none.
      fetches[name] = null;
      if (this.#saved.has(name)) continue;
      if (type !== "float32" && type !== "int32") throw this.#noGpuTensor(name, type);
      const dtype = type === "int32" ? "i32" : "f32";
      const output = owned.use(GpuTensor.zeros(gpu, shape, name, dtype));
      const { padded, wrapper } = wrap(output);
      outputs[name] = output;
      fetches[name] = wrapper;
      stores.push(padded.store);
    }
    const results = await this.#runExclusive((session) => session.run(tensors, fetches));
    for (const store of stores) store();
    owned.move();
    return { outputs, saved: this.#savedOf(results) };
  }

  #wrapHost(feed: HostTensor | SavedTensor): OrtTensor {
    if (feed instanceof SavedTensor) return feed.tensor as unknown as OrtTensor;
    return new this.#ort.ort.Tensor(feed.data, feed.shape);
  }

  #savedOf(results: Readonly<Record<string, OrtTensor>>): Record<string, SavedTensor> {
    const saved: Record<string, SavedTensor> = {};
    for (const name of this.#saved) {
      const tensor = results[name]!;
      const disposable = Object.assign(tensor, { [Symbol.dispose]: () => tensor.dispose() });
      saved[name] = new SavedTensor(disposable);
    }
    return saved;
  }

  async #runExclusive<T>(run: (session: OrtInferenceSession) => Promise<T>): Promise<T> {
    try {
      return await this.#ort.runExclusive(() => {
        if (!this.#session) throw new TypeError("its session was disposed of");
        return run(this.#session);
      });
    } catch (cause) {
      throw this.#failure(explainFailure(cause, { runtime: this.runtime, weightBytes: 0 }), cause);
    }
  }

  #noGpuTensor(name: string, type: string): SessionError {
    return this.#failure(`its output "${name}" is ${type}, for which there is no GPU tensor`);
  }

  #failure(detail: string, cause?: unknown): SessionError {
    return new SessionError("run", this.#graph.name, detail, { cause });
  }
}
