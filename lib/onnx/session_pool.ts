import { describeGraph } from "./describe_graph.ts";
import { type Graph, sizeOf } from "./graph.ts";
import { measureGraph } from "./graph_memory.ts";
import type { Runtime, Session, SessionOptions } from "./session.ts";

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
  readonly #sessions = new Map<string, Promise<Session>>();
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
    return this.#sessions.size;
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
    const key = `${runtime} ${await fingerprint(graph)}`;
    let session = this.#sessions.get(key);
    if (!session) {
      session = load();
      this.#sessions.set(key, session);
      session.catch(() => this.#sessions.delete(key));
    }
    return new BorrowedSession(await session);
  }

  /** Frees all networks. */
  async [Symbol.asyncDispose](): Promise<void> {
    const sessions = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    for (const result of sessions) {
      if (result.status === "fulfilled") await result.value[Symbol.asyncDispose]();
    }
  }
}

/** Hashes what a network computes. */
async function fingerprint(graph: Graph): Promise<string> {
  const weights = graph.weights.map(({ value, entry }) =>
    entry.read("float32", 0, Math.min(COMPARED_VALUES, sizeOf(value.shape)))
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
