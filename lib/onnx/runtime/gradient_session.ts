import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import type { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { createBatchedSession, padsNetwork } from "../batching/batched_session.ts";
import { measureGraph } from "../graph/graph_memory.ts";
import { canNarrowMasks, narrowMasks } from "../rewrite/float16_masks.ts";
import {
  createSession,
  type Feed,
  type HostTensor,
  type KeptTensor,
  type Session,
  type SessionOptions,
} from "./session.ts";
import type { GradientGraphs } from "../rewrite/split_gradient.ts";

/**
 * A network that can be run forward and then backward.
 *
 * What the backward half needs of the forward half stays with the runtime in between.
 */
export class GradientSession implements AsyncDisposable {
  readonly #forward: Session;
  readonly #backward: Session;
  readonly #names: readonly string[];
  #kept = new Map<string, KeptTensor | undefined>();

  private constructor(forward: Session, backward: Session, names: readonly string[]) {
    this.#forward = forward;
    this.#backward = backward;
    this.#names = names;
  }

  /**
   * Loads both halves.
   *
   * @param gpu As of `createSession`.
   * @throws {SessionError} If the runtime refuses.
   */
  static async create(
    gpu: Gpu | null,
    asked: GradientGraphs,
    options: SessionOptions,
  ): Promise<GradientSession> {
    const graphs = canNarrowMasks(gpu, options.runtime) ? narrowMasks(asked) : asked;
    await using cleanup = new AsyncDisposableStack();
    const forward = cleanup.use(await createSession(gpu, graphs.forward, options));
    const backward = cleanup.use(await createSession(gpu, graphs.backward, options));
    cleanup.move();
    return new GradientSession(forward, backward, graphs.forward.saved);
  }

  /**
   * Loads both halves for a member of a batch; without one as {@linkcode GradientSession.create}.
   *
   * @param asked.graphs Those for one picture.
   * @param asked.widen Builds them for several, as of `createBatchedSession`.
   * @throws {SessionError} If the runtime refuses.
   */
  static async createBatched(
    gpu: Gpu | null,
    asked: {
      readonly graphs: GradientGraphs;
      readonly widen: (copies: number) => GradientGraphs;
    },
    options: SessionOptions,
  ): Promise<GradientSession> {
    const fit = (made: GradientGraphs) =>
      canNarrowMasks(gpu, options.runtime) ? narrowMasks(made) : made;
    const graphs = fit(asked.graphs);
    const halves = [graphs.forward, graphs.backward];
    const weightBytes = halves.reduce((sum, half) => sum + measureGraph(half).weightBytes, 0);
    // Both halves must take the same number of pictures.
    const pads = padsNetwork(options.runtime, weightBytes);
    const load = (half: "forward" | "backward") =>
      createBatchedSession(
        gpu,
        { one: graphs[half], widen: (copies) => fit(asked.widen(copies))[half], pads },
        options,
      );
    await using cleanup = new AsyncDisposableStack();
    const forward = cleanup.use(await load("forward"));
    const backward = cleanup.use(await load("backward"));
    cleanup.move();
    return new GradientSession(forward, backward, graphs.forward.saved);
  }

  /** Runs forward. The caller owns the results. */
  async forward(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, GpuTensor>> {
    return await this.#forward.run(feeds, this.#renewKept());
  }

  /** Runs forward on tensors in host memory. */
  async forwardHost(
    feeds: Readonly<Record<string, HostTensor>>,
  ): Promise<Record<string, HostTensor>> {
    return await this.#forward.runHost(feeds, this.#renewKept());
  }

  /**
   * Runs backward, for the last run forward. The caller owns the gradients.
   *
   * @param feeds Gradients of the results, and those inputs that are used again.
   */
  async backward(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, GpuTensor>> {
    const gradients = await this.#backward.run({ ...feeds, ...this.#keptFeeds() });
    this.#releaseKept();
    return gradients;
  }

  /** Runs backward on tensors in host memory. */
  async backwardHost(
    feeds: Readonly<Record<string, HostTensor>>,
  ): Promise<Record<string, HostTensor>> {
    const gradients = await this.#backward.runHost({ ...feeds, ...this.#keptFeeds() });
    this.#releaseKept();
    return gradients;
  }

  /** Frees both halves and what was kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#releaseKept();
    await this.#forward[Symbol.asyncDispose]();
    await this.#backward[Symbol.asyncDispose]();
  }

  #renewKept(): Map<string, KeptTensor | undefined> {
    this.#releaseKept();
    this.#kept = new Map(this.#names.map((name) => [name, undefined]));
    return this.#kept;
  }

  #keptFeeds(): Record<string, KeptTensor> {
    const feeds: Record<string, KeptTensor> = {};
    for (const name of this.#names) {
      const tensor = this.#kept.get(name);
      if (!tensor) throw new TypeError("Cannot run backward: expected a run forward before it");
      feeds[name] = tensor;
    }
    return feeds;
  }

  #releaseKept(): void {
    for (const tensor of this.#kept.values()) tensor?.[Symbol.dispose]();
    this.#kept.clear();
  }
}
