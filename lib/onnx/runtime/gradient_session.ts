import type { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { measureGraph } from "../graph/graph_memory.ts";
import { saveFloat16Masks } from "../rewrite/float16_masks.ts";
import type { GradientGraphs } from "../rewrite/split_gradient.ts";
import type { Feed, HostTensor, SavedTensor } from "./feeds.ts";
import { hasFloat16 } from "./network_precision.ts";
import type { Session, SessionLoader } from "./session.ts";

/** Options of {@linkcode GradientSession.load}. */
export interface GradientSessionOptions {
  /** Builds the graphs for a number of pictures. Default: they take one picture at a time. */
  readonly build?: (size: number) => GradientGraphs;
}

/**
 * A network that runs forward and then backward.
 *
 * Tensors that the forward half saves for the backward half stay with the runtime in between.
 */
export class GradientSession implements AsyncDisposable {
  readonly #forward: Session;
  readonly #backward: Session;
  #saved: Readonly<Record<string, SavedTensor>> | undefined;

  private constructor(forward: Session, backward: Session) {
    this.#forward = forward;
    this.#backward = backward;
  }

  /**
   * Loads both halves.
   *
   * @param graphs The graphs for one picture.
   * @throws {SessionError} If the runtime refuses.
   */
  static async load(
    sessions: SessionLoader,
    graphs: GradientGraphs,
    { build }: GradientSessionOptions = {},
  ): Promise<GradientSession> {
    const fit = (made: GradientGraphs) => hasFloat16(sessions) ? saveFloat16Masks(made) : made;
    const single = fit(graphs);
    const halves = [single.forward, single.backward];
    // Both halves must have the same batch size.
    const weightBytes = halves.reduce((sum, half) => sum + measureGraph(half).weightBytes, 0);
    const load = (half: "forward" | "backward") =>
      sessions.load(
        single[half],
        build && { batch: { build: (size) => fit(build(size))[half], weightBytes } },
      );
    await using cleanup = new AsyncDisposableStack();
    const forward = cleanup.use(await load("forward"));
    const backward = cleanup.use(await load("backward"));
    cleanup.move();
    return new GradientSession(forward, backward);
  }

  /** Runs forward. The caller owns the outputs. */
  async forward(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, GpuTensor>> {
    this.#releaseSaved();
    const { outputs, saved } = await this.#forward.run(feeds);
    this.#saved = saved;
    return outputs;
  }

  /** Runs forward on tensors in host memory. */
  async forwardHost(
    feeds: Readonly<Record<string, HostTensor>>,
  ): Promise<Record<string, HostTensor>> {
    this.#releaseSaved();
    const { outputs, saved } = await this.#forward.runHost(feeds);
    this.#saved = saved;
    return outputs;
  }

  /**
   * Runs backward, for the last run forward. The caller owns the gradients.
   *
   * @param feeds Gradients of the outputs, and those inputs that are needed again.
   * @throws {TypeError} If there was no run forward since the last run backward.
   */
  async backward(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, GpuTensor>> {
    const { outputs } = await this.#backward.run({ ...feeds, ...this.#savedFeeds() });
    this.#releaseSaved();
    return outputs;
  }

  /** Runs backward on tensors in host memory. */
  async backwardHost(
    feeds: Readonly<Record<string, HostTensor>>,
  ): Promise<Record<string, HostTensor>> {
    const { outputs } = await this.#backward.runHost({ ...feeds, ...this.#savedFeeds() });
    this.#releaseSaved();
    return outputs;
  }

  /** Frees both halves and the saved tensors. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#releaseSaved();
    await this.#forward[Symbol.asyncDispose]();
    await this.#backward[Symbol.asyncDispose]();
  }

  #savedFeeds(): Readonly<Record<string, SavedTensor>> {
    if (this.#saved) return this.#saved;
    throw new TypeError("Cannot run backward: expected a run forward before it");
  }

  #releaseSaved(): void {
    for (const tensor of Object.values(this.#saved ?? {})) tensor[Symbol.dispose]();
    this.#saved = undefined;
  }
}
