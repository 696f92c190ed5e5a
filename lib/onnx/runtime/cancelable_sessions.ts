import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import type { Graph } from "../graph/graph.ts";
import type { LoadOptions, Runtime, Session, SessionLoader } from "./session.ts";

/** Loads networks until a signal cancels it. */
export class CancelableSessions implements SessionLoader {
  readonly runtime: Runtime;
  readonly gpu: Gpu | null;
  readonly #sessions: SessionLoader;
  readonly #signal: AbortSignal;

  /** Wraps a loader, which is borrowed. */
  constructor(sessions: SessionLoader, signal: AbortSignal) {
    this.runtime = sessions.runtime;
    this.gpu = sessions.gpu;
    this.#sessions = sessions;
    this.#signal = signal;
  }

  async load(graph: Graph, options: LoadOptions = {}): Promise<Session> {
    const signal = options.signal ? AbortSignal.any([options.signal, this.#signal]) : this.#signal;
    return await this.#sessions.load(graph, { ...options, signal });
  }
}
