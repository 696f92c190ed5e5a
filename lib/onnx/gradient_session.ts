import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { GpuTensor } from "../../kernels/gpu/tensor.ts";
import {
  createSession,
  type Feed,
  type HostTensor,
  type KeptTensor,
  type Session,
  type SessionOptions,
} from "./session.ts";
import type { GradientGraphs } from "./split_gradient.ts";

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
    graphs: GradientGraphs,
    options: SessionOptions,
  ): Promise<GradientSession> {
    await using cleanup = new AsyncDisposableStack();
    const forward = cleanup.use(await createSession(gpu, graphs.forward, options));
    const backward = cleanup.use(await createSession(gpu, graphs.backward, options));
    cleanup.move();
    return new GradientSession(forward, backward, graphs.kept);
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
