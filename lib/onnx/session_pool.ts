import { describeGraph } from "./describe_graph.ts";
import { type Graph, sizeOf } from "./graph.ts";
import type { Runtime, Session } from "./session.ts";

/** Values of each weight that tell networks apart. */
const COMPARED_VALUES = 16;

/**
 * Networks that outlive the runs that use them: a run gets what one before it has loaded.
 *
 * A pool is for one device. Networks are told apart by their graphs and by the first values of each
 * of their weights, so it serves any number of teachers and sizes.
 */
export class SessionPool implements AsyncDisposable {
  readonly #sessions = new Map<string, Promise<Session>>();

  /** Number of networks that are loaded. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Returns the network of a graph, which is loaded if there is none yet.
   *
   * @param load Loads it; the pool owns the result.
   * @returns A session that stays loaded when it is disposed of.
   * @ignore
   */
  async borrow(graph: Graph, runtime: Runtime, load: () => Promise<Session>): Promise<Session> {
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
