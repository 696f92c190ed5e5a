import { describeGraph } from "../graph/describe_graph.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Graph } from "../graph/graph.ts";
import { measureGraph } from "../graph/graph_memory.ts";
import type { Runtime, Session, SessionOptions } from "../runtime/session.ts";

/** Values of each weight that tell networks apart. */
const COMPARED_VALUES = 16;

/** Weights, in bytes, above which what a run asks for only once is loaded again by the next one. */
const BRIEF_LIMIT = 2 ** 28;

/**
 * Networks that outlive the runs that use them: a run gets what one before it has loaded.
 *
 * A pool is for one device. Networks are told apart by their graphs and by the first values of each
 * of their weights, so it serves any number of teachers and sizes. Large networks that a run asks
 * for once, such as SDXL's text encoders, are not kept: they would take the memory of its steps.
 */
export class SessionPool implements AsyncDisposable {
  /** The networks of a graph, by the number of pictures that they take at once. */
  readonly #sessions = new Map<string, Map<number, Promise<Session>>>();
  readonly #briefLimit: number;

  /**
   * Creates an empty pool.
   *
   * @param options `briefLimit`: weights, in bytes, up to which a network is kept that a run asks for
   * once; by default 256 MiB.
   */
  constructor({ briefLimit = BRIEF_LIMIT }: { readonly briefLimit?: number } = {}) {
    this.#briefLimit = briefLimit;
  }

  /** Number of networks that are loaded. */
  get size(): number {
    return this.#sessions.values().reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Returns the network of a graph, which is loaded if there is none yet.
   *
   * @param load Loads it; the pool owns the result, if it keeps it.
   * @returns A session that, if it is kept, stays loaded when it is disposed of.
   * @ignore
   */
  async borrow(
    graph: Graph,
    { runtime, isBrief = false }: Pick<SessionOptions, "runtime" | "isBrief">,
    load: () => Promise<Session>,
  ): Promise<Session> {
    if (isBrief && measureGraph(graph).weightBytes > this.#briefLimit) return await load();
    const sessions = await this.#sessionsOf(graph, runtime);
    return new BorrowedSession(await loadOnce(sessions, 1, load));
  }

  /**
   * Returns the network that a graph becomes for several pictures, which is loaded if there is none
   * yet. It is the pool's.
   *
   * @param graph What it computes for one picture.
   * @param options `copies`: pictures; `pads`: whether one for more pictures will do, if it is there.
   * @ignore
   */
  async borrowWide(
    graph: Graph,
    { runtime, copies, pads, load }: {
      readonly runtime: Runtime;
      readonly copies: number;
      readonly pads: boolean;
      readonly load: (copies: number) => Promise<Session>;
    },
  ): Promise<{ readonly session: Session; readonly copies: number }> {
    const sessions = await this.#sessionsOf(graph, runtime);
    const wider = [...sessions.keys()].filter((count) => count >= copies);
    const chosen = pads && wider.length > 0 ? Math.min(...wider) : copies;
    const session = await loadOnce(sessions, chosen, () => load(chosen));
    return { session, copies: chosen };
  }

  /** Frees all networks. */
  async [Symbol.asyncDispose](): Promise<void> {
    const loading = this.#sessions.values().flatMap((sessions) => sessions.values());
    const sessions = await Promise.allSettled(loading);
    this.#sessions.clear();
    for (const result of sessions) {
      if (result.status === "fulfilled") await result.value[Symbol.asyncDispose]();
    }
  }

  async #sessionsOf(graph: Graph, runtime: Runtime): Promise<Map<number, Promise<Session>>> {
    const key = `${runtime} ${await fingerprint(graph)}`;
    const sessions = this.#sessions.get(key) ?? new Map<number, Promise<Session>>();
    this.#sessions.set(key, sessions);
    return sessions;
  }
}

/** Returns a network that is loaded, or loads it; after a failure it may be tried again. */
function loadOnce(
  sessions: Map<number, Promise<Session>>,
  copies: number,
  load: () => Promise<Session>,
): Promise<Session> {
  let session = sessions.get(copies);
  if (!session) {
    session = load();
    sessions.set(copies, session);
    session.catch(() => sessions.delete(copies));
  }
  return session;
}

/** Hashes what a network computes. */
async function fingerprint(graph: Graph): Promise<string> {
  const weights = graph.weights.map(({ value, entry }) =>
    entry.read("float32", 0, Math.min(COMPARED_VALUES, shapeSize(value.shape)))
  );
  const parts = [
    new TextEncoder().encode(describeGraph(graph)),
    ...graph.constants.map(({ bytes }) => bytes),
    ...weights,
  ];
  const hash = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
  return new Uint8Array(hash).toHex();
}

/** A session of a pool. */
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
    this.run = (feeds, kept) => session.run(feeds, kept);
    this.runHost = (feeds, kept) => session.runHost(feeds, kept);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It is the pool's.
  }
}
