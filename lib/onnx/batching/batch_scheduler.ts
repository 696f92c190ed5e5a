import type { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import type { Feed, HostTensor } from "../runtime/feeds.ts";
import type { Session } from "../runtime/session.ts";
import type { SavedBatch } from "./saved_batch.ts";

/** A run of a network for one picture. */
export interface BatchCall {
  /** A tensor for every input, of one picture. */
  readonly feeds: Readonly<Record<string, Feed>>;
  /** Whether the outputs shall be in host memory, else on the GPU. */
  readonly onHost: boolean;
  /** Tensors that an earlier run of another network saved for this one; undefined if none. */
  readonly saved: SavedBatch | undefined;
  /** Its slot in that run. */
  readonly slot: number | undefined;
}

/** Result of a call. */
export interface BatchResult {
  /** The outputs by name; the caller owns them. */
  readonly outputs: Readonly<Record<string, GpuTensor | HostTensor>>;
  /** Tensors that the run saved, with a reference for the caller; undefined if none. */
  readonly saved: SavedBatch | undefined;
  /** The slot of the call in the run. */
  readonly slot: number;
}

/** A network for several pictures. */
export interface BatchNetwork {
  /** Slots of one run. */
  readonly batchSize: number;
  /** Its weights, in bytes. */
  readonly weightBytes: number;
  /** Makes one run for calls, by their slots. */
  run(calls: ReadonlyMap<number, BatchCall>): Promise<ReadonlyMap<number, BatchResult>>;
}

interface PendingCall {
  readonly owner: BatchSlot;
  readonly network: BatchNetwork;
  readonly call: BatchCall;
  resolve(result: BatchResult): void;
  reject(error: unknown): void;
}

/**
 * Runs networks for several pictures that are made together, one run for the calls of all of them.
 *
 * Each picture has a {@linkcode BatchSlot}. A network runs when every slot waits for one, so all
 * pictures advance in step; a released slot is not waited for. If slots wait for different
 * networks, the smallest network runs first: the pictures that need it then catch up with the
 * others at the larger networks, whose runs cost more.
 */
export class BatchScheduler {
  /** Pictures that networks are loaded for. */
  readonly batchSize: number;
  readonly #slots = new Set<BatchSlot>();
  readonly #networks = new Map<Session, BatchNetwork>();
  readonly #pending = new Set<PendingCall>();
  #acquired = 0;
  #exclusive: Promise<unknown> = Promise.resolve();

  /**
   * Creates a scheduler without slots.
   *
   * @param batchSize Pictures that networks are loaded for; integer, min 1.
   * @throws {RangeError} If it is out of range.
   */
  constructor(batchSize: number) {
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new RangeError(`Cannot create a batch: expected a size of 1 or more, got ${batchSize}`);
    }
    this.batchSize = batchSize;
  }

  /** Adds a slot. The other slots wait for its calls until it is disposed of. */
  acquire(): BatchSlot {
    const slot = new BatchSlot(this, this.#acquired++);
    this.#slots.add(slot);
    return slot;
  }

  /**
   * Removes a slot. Its later calls are still run, but no other slot waits for them.
   *
   * @ignore
   */
  release(slot: BatchSlot): void {
    this.#slots.delete(slot);
    this.#runIfAllWait();
  }

  /**
   * Returns the network of a session, the same one for all slots.
   *
   * @ignore
   */
  networkOf(session: Session, create: () => BatchNetwork): BatchNetwork {
    const network = this.#networks.get(session) ?? create();
    this.#networks.set(session, network);
    return network;
  }

  /**
   * Submits a call, which runs when all slots wait for a call.
   *
   * @ignore
   */
  submit(owner: BatchSlot, network: BatchNetwork, call: BatchCall): Promise<BatchResult> {
    return new Promise((resolve, reject) => {
      this.#pending.add({ owner, network, call, resolve, reject });
      this.#runIfAllWait();
    });
  }

  /**
   * Does work, such as loading, for one slot at a time. The work must not submit calls.
   *
   * @ignore
   */
  runExclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#exclusive.then(work);
    this.#exclusive = result.catch(() => {});
    return result;
  }

  #runIfAllWait(): void {
    if (this.#pending.size === 0) return;
    const waiting = new Set(this.#pending.values().map(({ owner }) => owner));
    if (!this.#slots.isSubsetOf(waiting)) return;
    const calls = this.#nextCalls();
    for (const call of calls.values()) this.#pending.delete(call);
    this.#run(calls);
  }

  /** Returns the calls of the next run, by their slots in it. */
  #nextCalls(): Map<number, PendingCall> {
    const pending = [...this.#pending].sort((a, b) =>
      a.network.weightBytes - b.network.weightBytes || a.owner.index - b.owner.index
    );
    const { network, call: { saved } } = pending[0]!;
    const calls = new Map<number, PendingCall>();
    for (const candidate of pending) {
      if (calls.size === network.batchSize) break;
      if (candidate.network !== network || candidate.call.saved !== saved) continue;
      const slot = candidate.call.slot ?? calls.size;
      // One slot may submit two calls with the tensors that one run saved.
      if (!calls.has(slot)) calls.set(slot, candidate);
    }
    return calls;
  }

  async #run(calls: ReadonlyMap<number, PendingCall>): Promise<void> {
    const { network } = [...calls.values()][0]!;
    try {
      const results = await network.run(new Map(calls.entries().map(([i, { call }]) => [i, call])));
      for (const [slot, { resolve }] of calls) resolve(results.get(slot)!);
    } catch (error) {
      for (const { reject } of calls.values()) reject(error);
    }
    // If all calls of this run were of released slots, the others may all be waiting.
    this.#runIfAllWait();
  }
}

/** The slot of one picture in a batch. Dispose of it, or the other pictures wait forever. */
export class BatchSlot implements Disposable {
  /**
   * The batch.
   *
   * @ignore
   */
  readonly scheduler: BatchScheduler;
  /**
   * Number of slots that were acquired before it.
   *
   * @ignore
   */
  readonly index: number;

  /**
   * For `BatchScheduler.acquire`.
   *
   * @ignore
   */
  constructor(scheduler: BatchScheduler, index: number) {
    this.scheduler = scheduler;
    this.index = index;
  }

  /** Releases the slot. */
  [Symbol.dispose](): void {
    this.scheduler.release(this);
  }
}
