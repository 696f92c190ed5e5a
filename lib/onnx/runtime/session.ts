import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { encodeModel } from "../graph/encode_model.ts";
import { useFasterShaders } from "../patches/shader_overrides.ts";
import { checkFeeds, type Feed, type HostTensor, KeptTensor } from "./feeds.ts";
import type { Graph, GraphWeight } from "../graph/graph.ts";
import { bytesOfWeights } from "../graph/graph_memory.ts";
import { LazyBytes } from "./lazy_bytes.ts";
import { paddedBuffer } from "./padded_buffer.ts";
import { explainFailure, SessionError } from "./session_error.ts";
import type { BatchMember } from "../batching/session_batch.ts";
import { ortOptions } from "./ort_options.ts";
import type { SessionPool } from "../batching/session_pool.ts";
import { computeWholeGroups } from "../rewrite/pad_conv_channels.ts";
import { withWholeMemory } from "../patches/preallocated_memory.ts";
import { applyWinograd } from "../rewrite/winograd.ts";
import { withWrittenBuffers } from "../patches/upload_via_write_buffer.ts";

// The types of all entry points of the package are these.
type Ort = typeof import("npm:onnxruntime-web@1.30.0");
type OrtSession = import("npm:onnxruntime-web@1.30.0").InferenceSession;
type OrtTensor = import("npm:onnxruntime-web@1.30.0").Tensor;
/** Options with which onnxruntime loads a network. */
export type OrtSessionOptions =
  import("npm:onnxruntime-web@1.30.0").InferenceSession.SessionOptions;

export type { Feed, HostTensor, KeptTensor };

/**
 * What runs the networks: onnxruntime-web on WebGPU, on the CPU by WebAssembly, or
 * onnxruntime-node on the CPU.
 */
export type Runtime = "webgpu" | "wasm" | "native";

/** A network that is ready to run. Calls wait for each other. */
export interface Session extends AsyncDisposable {
  /** Names of the inputs, as in the graph. */
  readonly inputNames: readonly string[];
  /** Names of the outputs, as in the graph. */
  readonly outputNames: readonly string[];
  /** What runs it. */
  readonly runtime: Runtime;
  /**
   * Runs the network.
   *
   * @param feeds A tensor for every input.
   * @param kept Where the outputs that it names go, instead of into the result; the caller
   * disposes of them.
   * @returns A tensor for every other output; the caller owns them.
   */
  run(
    feeds: Readonly<Record<string, Feed>>,
    kept?: Map<string, KeptTensor | undefined>,
  ): Promise<Record<string, GpuTensor>>;
  /** Runs the network on tensors in host memory. */
  runHost(
    feeds: Readonly<Record<string, HostTensor | KeptTensor>>,
    kept?: Map<string, KeptTensor | undefined>,
  ): Promise<Record<string, HostTensor>>;
}

/** Options of {@linkcode createSession}. */
export interface SessionOptions {
  /** What runs the network. */
  readonly runtime: Runtime;
  /** Cancels the loading. */
  readonly signal?: AbortSignal;
  /** Keeps the network for those who ask for the same one later. Default: nobody does. */
  readonly pool?: SessionPool;
  /**
   * A picture of several that are made at once: networks that take several pictures are shared by
   * all of them, and asked for all together. It needs a pool. Default: none.
   */
  readonly member?: BatchMember;
  /** Whether a run asks for it only once: a pool keeps no large ones of these. Default: false. */
  readonly isBrief?: boolean;
}

/** More threads than this are not faster for networks of this size. */
const MAX_THREADS = 8;

/**
 * Loads a network. Its weights are read here, tensor by tensor.
 *
 * The runtimes "webgpu" and "wasm" read one file, {@linkcode runtimeFile}; "native" needs
 * `--allow-ffi`.
 *
 * @param gpu Device of the tensors; null for a session that only runs on host tensors.
 * @returns A session that the caller disposes of.
 * @throws {SessionError} If the runtime refuses.
 */
export async function createSession(
  gpu: Gpu | null,
  graph: Graph,
  options: SessionOptions,
): Promise<Session> {
  const { pool } = options;
  const load = () => loadSession(gpu, graph, options);
  return pool ? await pool.borrow(graph, options, load) : await load();
}

async function loadSession(
  gpu: Gpu | null,
  graph: Graph,
  options: SessionOptions,
): Promise<Session> {
  const { runtime, signal } = options;
  signal?.throwIfAborted();
  const network = forRuntime(graph, runtime);
  if (gpu && runtime === "webgpu") useFasterShaders(gpu.device);
  const file = runtimeFile(runtime);
  let readError: unknown;
  try {
    if (file !== undefined) await checkReadable(file);
    const engine = await loadEngine(runtime);
    const session = await engine.exclusive(() => {
      signal?.throwIfAborted();
      // The first load of a runtime makes its memory.
      const create = () =>
        engine.ort.InferenceSession.create(encodeModel(network), {
          ...ortOptions(gpu, runtime),
          externalData: network.weights.map((weight) =>
            externalData(weight, runtime, (error) => {
              readError = error;
            })
          ),
        });
      return withWholeMemory(() => {
        return gpu && runtime === "webgpu" ? withWrittenBuffers(gpu.device, create) : create();
      });
    });
    if (signal?.aborted) await engine.exclusive(() => session.release());
    signal?.throwIfAborted();
    return new OrtBackedSession(gpu, graph, engine, session, runtime);
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    const detail = readError instanceof Error
      ? readError.message
      : explainFailure(cause, { runtime, file, weightBytes: bytesOfWeights(network) });
    throw new SessionError("load", graph.name, detail, { cause: readError ?? cause });
  }
}

/** Changes how a network is computed to what is fastest. */
function forRuntime(graph: Graph, runtime: Runtime): Graph {
  if (runtime === "wasm") return applyWinograd(graph);
  // The native runtime has fast convolutions of its own.
  return runtime === "webgpu" ? computeWholeGroups(graph) : graph;
}

function externalData(
  { value, entry }: GraphWeight,
  runtime: Runtime,
  onError: (error: unknown) => void,
): { path: string; data: Uint8Array } {
  const type = value.type === "float16" ? "float16" : "float32";
  const bytes = new LazyBytes(entry, type, onError);
  // The native runtime takes the memory of an array, not its methods.
  return { path: value.name, data: runtime === "native" ? bytes.subarray() : bytes };
}

/** Returns the file that a runtime reads, for `--allow-read`; undefined where it reads several. */
export function runtimeFile(runtime: Runtime): string | undefined {
  if (runtime === "native") return undefined;
  const url = runtime === "webgpu"
    ? import.meta.resolve("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.asyncify.wasm")
    : import.meta.resolve("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.wasm");
  return decodeURIComponent(new URL(url).pathname);
}

/** Asks for the permission, or throws: the runtime itself would print, and could not try again. */
async function checkReadable(path: string): Promise<void> {
  const file = await Deno.open(path);
  file.close();
}

/** A loaded runtime. Its work is done one piece at a time: it cannot do two at once. */
class Engine {
  readonly ort: Ort;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ort: Ort) {
    this.ort = ort;
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

const engines = new Map<Runtime, Promise<Engine>>();

function loadEngine(runtime: Runtime): Promise<Engine> {
  let engine = engines.get(runtime);
  if (!engine) {
    engine = importRuntime(runtime).then((ort) => new Engine(ort));
    engine.catch(() => engines.delete(runtime));
    engines.set(runtime, engine);
  }
  return engine;
}

async function importRuntime(runtime: Runtime): Promise<Ort> {
  if (runtime === "native") {
    // Not a literal, so that its 288 MB are not fetched by those who do not ask for it.
    const specifier = ["npm:onnxruntime-node", "1.30.0"].join("@");
    return await import(specifier);
  }
  const isWebgpu = runtime === "webgpu";
  const ort = isWebgpu
    ? await import("npm:onnxruntime-web@1.30.0/webgpu")
    // In Deno this is the build for Node, whose threads work; it has no WebGPU.
    : await import("npm:onnxruntime-web@1.30.0");
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = isWebgpu ? 1 : Math.min(MAX_THREADS, navigator.hardwareConcurrency);
  return ort as Ort;
}

class OrtBackedSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly runtime: Runtime;
  readonly #gpu: Gpu | null;
  readonly #graph: Graph;
  readonly #engine: Engine;
  #session: OrtSession | undefined;

  constructor(
    gpu: Gpu | null,
    graph: Graph,
    engine: Engine,
    session: OrtSession,
    runtime: Runtime,
  ) {
    this.inputNames = graph.inputs.map(({ name }) => name);
    this.outputNames = graph.outputs.map(({ name }) => name);
    this.runtime = runtime;
    this.#gpu = gpu;
    // The weights have been read: their files need not stay open for this session.
    this.#graph = { ...graph, weights: [], constants: [] };
    this.#engine = engine;
    this.#session = session;
  }

  async run(
    feeds: Readonly<Record<string, Feed>>,
    kept: Map<string, KeptTensor | undefined> = new Map(),
  ): Promise<Record<string, GpuTensor>> {
    checkFeeds(this.#graph, feeds);
    const gpu = this.#gpu;
    if (!gpu) throw this.#failure("it was loaded without a GPU device, for host tensors only");
    if (this.runtime === "webgpu") return await this.#runOnGpu(gpu, feeds, kept);
    const host: Record<string, HostTensor | KeptTensor> = {};
    for (const [name, feed] of Object.entries(feeds)) {
      host[name] = feed instanceof GpuTensor ? await downloadTensor(feed) : feed;
    }
    const results: Record<string, GpuTensor> = {};
    for (const [name, { data, shape }] of Object.entries(await this.runHost(host, kept))) {
      if (data instanceof BigInt64Array) throw this.#noGpuTensor(name, "int64");
      results[name] = GpuTensor.from(gpu, data, shape, name);
    }
    return results;
  }

  async runHost(
    feeds: Readonly<Record<string, HostTensor | KeptTensor>>,
    kept: Map<string, KeptTensor | undefined> = new Map(),
  ): Promise<Record<string, HostTensor>> {
    checkFeeds(this.#graph, feeds);
    const tensors: Record<string, OrtTensor> = {};
    for (const [name, feed] of Object.entries(feeds)) tensors[name] = this.#wrapHost(feed);
    const results = await this.#exclusiveRun((session) => session.run(tensors));
    const outputs: Record<string, HostTensor> = {};
    for (const [name, tensor] of Object.entries(results)) {
      if (kept.has(name)) {
        kept.set(name, keep(tensor));
        continue;
      }
      const data = await tensor.getData(true) as HostTensor["data"];
      outputs[name] = { data, shape: tensor.dims };
      tensor.dispose();
    }
    return outputs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session) await this.#engine.exclusive(() => session.release());
  }

  /** Results are written into tensors of ours, so that they are owned like all others. */
  async #runOnGpu(
    gpu: Gpu,
    feeds: Readonly<Record<string, Feed>>,
    kept: Map<string, KeptTensor | undefined>,
  ): Promise<Record<string, GpuTensor>> {
    using wrappers = new DisposableStack();
    const wrap = (tensor: GpuTensor) => {
      const padded = wrappers.use(paddedBuffer(gpu.device, tensor));
      const dataType = tensor.dtype === "i32" ? "int32" : "float32";
      const dims = [...tensor.shape];
      const wrapper = this.#engine.ort.Tensor.fromGpuBuffer(padded.buffer, { dataType, dims });
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
    using outputs = new DisposableStack();
    const results: Record<string, GpuTensor> = {};
    const fetches: Record<string, OrtTensor | null> = {};
    const stores: (() => void)[] = [];
    for (const { name, shape, type } of this.#graph.outputs) {
      // The runtime makes a buffer of its own where there is none.
      fetches[name] = null;
      if (kept.has(name)) continue;
      if (type !== "float32" && type !== "int32") throw this.#noGpuTensor(name, type);
      const dtype = type === "int32" ? "i32" : "f32";
      const output = outputs.use(GpuTensor.zeros(gpu, shape, name, dtype));
      const { padded, wrapper } = wrap(output);
      results[name] = output;
      fetches[name] = wrapper;
      stores.push(padded.store);
    }
    const made = await this.#exclusiveRun((session) => session.run(tensors, fetches));
    for (const name of kept.keys()) kept.set(name, keep(made[name]!));
    for (const store of stores) store();
    outputs.move();
    return results;
  }

  #wrapHost(feed: HostTensor | KeptTensor): OrtTensor {
    if (feed instanceof KeptTensor) return feed.tensor as unknown as OrtTensor;
    return new this.#engine.ort.Tensor(feed.data, feed.shape);
  }

  async #exclusiveRun<T>(run: (session: OrtSession) => Promise<T>): Promise<T> {
    try {
      return await this.#engine.exclusive(() => {
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

/** Reads a tensor of floats or integers from the GPU. */
export async function downloadTensor(tensor: GpuTensor): Promise<HostTensor> {
  const { shape, dtype } = tensor;
  if (dtype === "f32") return { data: await tensor.read(), shape };
  const bits = await tensor.readU32();
  return { data: new Int32Array(bits.buffer, bits.byteOffset, bits.length), shape };
}

/** Keeps a tensor of the runtime for another session. */
function keep(tensor: OrtTensor): KeptTensor {
  return new KeptTensor(Object.assign(tensor, { [Symbol.dispose]: () => tensor.dispose() }));
}
