import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { describeGraph } from "../graph/describe_graph.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Graph } from "../graph/graph.ts";
import { measureGraph } from "../graph/graph_memory.ts";
import type {
  BatchedGraph,
  LoadOptions,
  Runtime,
  Session,
  SessionLoader,
} from "../runtime/session.ts";
import { SharedLoad } from "./shared_load.ts";

/** Values of each weight that are compared. */
const COMPARED_VALUES = 16;

/** Weights, in bytes, above which a transient network is not kept. */
const TRANSIENT_LIMIT = 2 ** 28;

/**
 * Networks that outlive the runs that use them: a later run gets what an earlier one has loaded.
 *
 * A pool is for one device, and for any number of teachers, sizes and runtimes. It assumes that
 * two networks are the same if their graphs, their constants and the first 16 values of each of
 * their weights are: to compare all values would take as long as to load them. Large networks that
 * a run needs only once, such as SDXL's text encoders, are not kept, since they would take memory
 * from its steps.
 */
export class SessionPool implements AsyncDisposable {
  /** The networks of a graph, by batch size. */
  readonly #loads = new Map<string, Map<number, SharedLoad>>();
  readonly #transientLimit: number;

  /**
   * Creates an empty pool.
   *
   * @param options.transientLimit Max weights, in bytes, of a kept network that a run needs only
   * once. Default: 256 MiB.
   */
  constructor({ transientLimit = TRANSIENT_LIMIT }: { readonly transientLimit?: number } = {}) {
    this.#transientLimit = transientLimit;
  }

  /** Number of networks that are loaded. */
  get size(): number {
    return this.#loads.values().reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Returns the network of a graph, which is loaded if it is not there yet.
   *
   * @param sessions Loads it.
   * @returns A session of the caller; a kept network stays loaded when it is disposed of.
   * @ignore
   */
  async borrow(
    sessions: SessionLoader,
    graph: Graph,
    { transient = false, signal }: LoadOptions,
  ): Promise<Session> {
    if (transient && measureGraph(graph).weightBytes > this.#transientLimit) {
      return await sessions.load(graph, signal && { signal });
    }
    const loads = await this.#loadsOf(sessions.runtime, graph);
    signal?.throwIfAborted();
    const load = loadOnce(loads, 1, (signal) => sessions.load(graph, { signal }));
    return new BorrowedSession(await load.wait(signal));
  }

  /**
   * Returns the network of a graph for several pictures, which is loaded if it is not there yet. It
   * stays the pool's.
   *
   * @param sessions Loads it.
   * @param graph The graph for one picture.
   * @param options.batchSize Min number of pictures.
   * @param options.allowPadding Whether a loaded network for more pictures may be returned.
   * @ignore
   */
  async borrowBatched(
    sessions: SessionLoader,
    graph: Graph,
    { batchSize, allowPadding, build, signal }: Pick<BatchedGraph, "build"> & {
      readonly batchSize: number;
      readonly allowPadding: boolean;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<{ readonly session: Session; readonly batchSize: number }> {
    const loads = await this.#loadsOf(sessions.runtime, graph);
    signal?.throwIfAborted();
    const wider = [...loads.keys()].filter((size) => size >= batchSize);
    const chosen = allowPadding && wider.length > 0 ? Math.min(...wider) : batchSize;
    const load = loadOnce(loads, chosen, (signal) => sessions.load(build(chosen), { signal }));
    return { session: await load.wait(signal), batchSize: chosen };
  }

  /** Frees all networks. */
  async [Symbol.asyncDispose](): Promise<void> {
    const loads = this.#loads.values().flatMap((loads) => loads.values());
    const sessions = await Promise.allSettled(loads.map(({ session }) => session));
    this.#loads.clear();
    for (const result of sessions) {
      if (result.status === "fulfilled") await result.value[Symbol.asyncDispose]();
    }
  }

  async #loadsOf(runtime: Runtime, graph: Graph): Promise<Map<number, SharedLoad>> {
    const key = `${runtime} ${await fingerprint(graph)}`;
    const loads = this.#loads.get(key) ?? new Map<number, SharedLoad>();
    this.#loads.set(key, loads);
    return loads;
  }
}

/** Loads networks by a pool: a network that it has loaded before is not loaded again. */
export class PooledSessions implements SessionLoader {
  readonly runtime: Runtime;
  readonly gpu: Gpu | null;
  readonly #sessions: SessionLoader;
  readonly #pool: SessionPool;

  /** Wraps a loader; it and the pool are borrowed. */
  constructor(sessions: SessionLoader, pool: SessionPool) {
    this.runtime = sessions.runtime;
    this.gpu = sessions.gpu;
    this.#sessions = sessions;
    this.#pool = pool;
  }

  async load(graph: Graph, options: LoadOptions = {}): Promise<Session> {
    return await this.#pool.borrow(this.#sessions, graph, options);
  }

  /** Loads a network for several pictures: {@linkcode SessionPool.borrowBatched}. */
  async loadBatched(
    graph: Graph,
    options: Parameters<SessionPool["borrowBatched"]>[2],
  ): Promise<{ readonly session: Session; readonly batchSize: number }> {
    return await this.#pool.borrowBatched(this.#sessions, graph, options);
  }
}

/** Returns a load that was started before, or starts it; after a failure it is started again. */
function loadOnce(
  loads: Map<number, SharedLoad>,
  batchSize: number,
  start: (signal: AbortSignal) => Promise<Session>,
): SharedLoad {
  const found = loads.get(batchSize);
  if (found) return found;
  const forget = () => {
    if (loads.get(batchSize) === load) loads.delete(batchSize);
  };
  const load = new SharedLoad(start, forget);
  loads.set(batchSize, load);
  load.session.catch(forget);
  return load;
}

/**
 * Hashes the parts of a network that are compared; {@linkcode SessionPool} says what it assumes.
 */
async function fingerprint(graph: Graph): Promise<string> {
  const weights = graph.weights.map(({ value, entry }) =>
    entry.read("float32", 0, Math.min(COMPARED_VALUES, shapeSize(value.shape)))
  );
  const parts = [
    new TextEncoder().encode(JSON.stringify([describeGraph(graph), graph.saved ?? []])),
    ...graph.constants.map(({ bytes }) => bytes),
    ...weights,
  ];
  const hash = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
  return new Uint8Array(hash).toHex();
}

/** A session of a caller, of a network that the pool keeps. */
class BorrowedSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly runtime: Runtime;
  readonly run: Session["run"];
  readonly runHost: Session["runHost"];

  constructor(session: Session) {
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames;
    this.runtime = session.runtime;
    this.run = (feeds) => session.run(feeds);
    this.runHost = (feeds) => session.runHost(feeds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The pool owns the network.
  }
}
