import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { measureGraph } from "../graph/graph_memory.ts";
import { downloadTensor, runOnDevice, toRuntime } from "../runtime/device_tensor.ts";
import { checkFeeds, type Feed, type HostTensor, SavedTensor } from "../runtime/feeds.ts";
import type {
  LoadOptions,
  Runtime,
  Session,
  SessionLoader,
  SessionResult,
} from "../runtime/session.ts";
import { BatchCopies, concatHost, splitHost } from "./batch_concat.ts";
import type { BatchCall, BatchNetwork, BatchResult, BatchSlot } from "./batch_scheduler.ts";
import { SavedBatch, SavedSlice } from "./saved_batch.ts";
import type { PooledSessions } from "./session_pool.ts";

/** Inputs and outputs of a graph; the weights stay with the network. */
type Signature = Pick<Graph, "name" | "inputs" | "outputs"> & { readonly saved: readonly string[] };

/** Weights, in bytes, above which a CPU has no memory for a second batch size of a network. */
const PADDING_LIMIT = 2 ** 28;

/** Whether to pad a loaded network for more pictures, instead of loading one for fewer. */
function allowsPadding(runtime: Runtime, weightBytes: number): boolean {
  // Empty slots cost little on a GPU, but as much as used ones on a CPU.
  return runtime === "webgpu" || weightBytes > PADDING_LIMIT;
}

/**
 * Loads networks for one slot of a batch: those that can be batched are shared by all slots, and
 * one run of them serves the calls of all slots.
 */
export class BatchedSessions implements SessionLoader {
  readonly runtime: Runtime;
  readonly gpu: Gpu | null;
  readonly #sessions: PooledSessions;
  readonly #slot: BatchSlot;

  /** Wraps a loader; it and the slot are borrowed. */
  constructor(sessions: PooledSessions, slot: BatchSlot) {
    this.runtime = sessions.runtime;
    this.gpu = sessions.gpu;
    this.#sessions = sessions;
    this.#slot = slot;
  }

  async load(graph: Graph, options: LoadOptions = {}): Promise<Session> {
    const { batch, signal } = options;
    if (!batch) return await this.#sessions.load(graph, options);
    const { runtime, gpu } = this;
    const { scheduler } = this.#slot;
    const { weightBytes } = measureGraph(graph);
    const { session, batchSize } = await this.#sessions.loadBatched(graph, {
      batchSize: scheduler.batchSize,
      allowPadding: allowsPadding(runtime, batch.weightBytes ?? weightBytes),
      build: (size) => batch.build(size),
      signal,
    });
    const { name, inputs, outputs, saved = [] } = graph;
    const signature = { name, inputs, outputs, saved };
    const network = scheduler.networkOf(
      session,
      () => new BatchedNetwork(signature, { gpu, session, batchSize, weightBytes }),
    );
    return new BatchedSession(signature, { slot: this.#slot, network, runtime });
  }
}

/** A session of one slot, of a network that all slots share. */
class BatchedSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly runtime: Runtime;
  readonly #signature: Signature;
  readonly #slot: BatchSlot;
  readonly #network: BatchNetwork;

  constructor(
    signature: Signature,
    parts: {
      readonly slot: BatchSlot;
      readonly network: BatchNetwork;
      readonly runtime: Runtime;
    },
  ) {
    this.inputNames = signature.inputs.map(({ name }) => name);
    this.outputNames = signature.outputs.map(({ name }) => name);
    this.runtime = parts.runtime;
    this.#signature = signature;
    this.#slot = parts.slot;
    this.#network = parts.network;
  }

  async run(feeds: Readonly<Record<string, Feed>>): Promise<SessionResult<GpuTensor>> {
    return await this.#submit(feeds, false) as SessionResult<GpuTensor>;
  }

  async runHost(
    feeds: Readonly<Record<string, HostTensor | SavedTensor>>,
  ): Promise<SessionResult<HostTensor>> {
    return await this.#submit(feeds, true) as SessionResult<HostTensor>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The pool owns the network.
  }

  async #submit(
    feeds: Readonly<Record<string, Feed>>,
    onHost: boolean,
  ): Promise<SessionResult<GpuTensor | HostTensor>> {
    checkFeeds(this.#signature, feeds);
    const slice = Object.values(feeds).find((feed) => feed instanceof SavedSlice);
    const deviceFeeds: Record<string, Feed> = {};
    for (const [name, feed] of Object.entries(feeds)) {
      deviceFeeds[name] = await toRuntime(this.runtime, feed);
    }
    const { outputs, saved, slot } = await this.#slot.scheduler.submit(this.#slot, this.#network, {
      feeds: deviceFeeds,
      onHost,
      saved: slice?.batch,
      slot: slice?.slot,
    });
    const slices: Record<string, SavedTensor> = {};
    if (saved) {
      for (const value of this.#signature.outputs) {
        if (!this.#signature.saved.includes(value.name)) continue;
        slices[value.name] = new SavedSlice(saved, slot, value);
      }
      saved.release();
    }
    return { outputs: { ...outputs }, saved: slices };
  }
}

/** A loaded network for several pictures. */
class BatchedNetwork implements BatchNetwork {
  readonly batchSize: number;
  readonly weightBytes: number;
  readonly #gpu: Gpu | null;
  readonly #session: Session;
  readonly #inputs: readonly Value[];
  /** The outputs that are not saved, of one picture. */
  readonly #outputs: readonly Value[];

  constructor(
    { inputs, outputs, saved }: Signature,
    parts: {
      readonly gpu: Gpu | null;
      readonly session: Session;
      readonly batchSize: number;
      readonly weightBytes: number;
    },
  ) {
    this.batchSize = parts.batchSize;
    this.weightBytes = parts.weightBytes;
    this.#gpu = parts.gpu;
    this.#session = parts.session;
    this.#inputs = inputs;
    this.#outputs = outputs.filter(({ name }) => !saved.includes(name));
  }

  async run(calls: ReadonlyMap<number, BatchCall>): Promise<ReadonlyMap<number, BatchResult>> {
    const saved = [...calls.values()][0]!.saved?.tensors;
    using owned = new DisposableStack();
    const feeds = this.#concat(calls, owned);
    const result = await runOnDevice(this.#session, { ...feeds, ...saved });
    for (const tensor of Object.values(result.outputs)) {
      if (tensor instanceof GpuTensor) owned.use(tensor);
    }
    const hasSaved = Object.keys(result.saved).length > 0;
    const batch = hasSaved ? new SavedBatch(result.saved) : undefined;
    return await this.#split(calls, result.outputs, batch);
  }

  #concat(calls: ReadonlyMap<number, BatchCall>, owned: DisposableStack): Record<string, Feed> {
    const copies = this.#gpu ? new BatchCopies(this.#gpu) : undefined;
    const feeds: Record<string, Feed> = {};
    for (const value of this.#inputs) {
      const parts = new Map(calls.entries().map(([slot, call]) => [slot, call.feeds[value.name]!]));
      const options = { value, batchSize: this.batchSize };
      if (parts.values().some((feed) => feed instanceof SavedTensor)) continue;
      if (copies && parts.values().some((feed) => feed instanceof GpuTensor)) {
        const tensors = parts as Map<number, GpuTensor | HostTensor>;
        feeds[value.name] = owned.use(copies.concat(tensors, options));
      } else {
        feeds[value.name] = concatHost(parts as Map<number, HostTensor>, options);
      }
    }
    copies?.submit();
    return feeds;
  }

  async #split(
    calls: ReadonlyMap<number, BatchCall>,
    outputs: Readonly<Record<string, GpuTensor | HostTensor>>,
    saved: SavedBatch | undefined,
  ): Promise<Map<number, BatchResult>> {
    // One read from the GPU serves all calls that want outputs in host memory.
    const onHost: Record<string, HostTensor> = {};
    if (calls.values().some((call) => call.onHost)) {
      for (const { name } of this.#outputs) {
        const output = outputs[name]!;
        onHost[name] = output instanceof GpuTensor ? await downloadTensor(output) : output;
      }
    }
    const copies = this.#gpu ? new BatchCopies(this.#gpu) : undefined;
    const results = new Map<number, BatchResult>();
    for (const [slot, call] of calls) {
      const parts = this.#outputs.map((value): [string, GpuTensor | HostTensor] => {
        const { name } = value;
        if (call.onHost) return [name, splitHost(onHost[name]!, slot, value)];
        const output = outputs[name]!;
        if (output instanceof GpuTensor) return [name, copies!.split(output, slot, value)];
        const { data, shape } = splitHost(output, slot, value);
        return [name, GpuTensor.from(this.#gpu!, data as Float32Array | Int32Array, shape, name)];
      });
      saved?.retain();
      results.set(slot, { outputs: Object.fromEntries(parts), saved, slot });
    }
    copies?.submit();
    return results;
  }
}
