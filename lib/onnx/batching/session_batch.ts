import type { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import type { Feed, HostTensor } from "../runtime/feeds.ts";
import type { KeptRows } from "./saved_rows.ts";
import type { Session } from "../runtime/session.ts";

/** What a member of a batch asks a network. */
export interface BatchCall {
  /** A tensor for every input, of one picture. */
  readonly feeds: Readonly<Record<string, Feed>>;
  /** Names of outputs that stay with the runtime. */
  readonly kept: readonly string[];
  /** Whether results are wanted in host memory, else on the GPU. */
  readonly onHost: boolean;
  /** What an earlier run of another network kept for this one; undefined if it needs nothing. */
  readonly rows: KeptRows | undefined;
  /** Its place in that run. */
  readonly slot: number | undefined;
}

/** What a network answers to a call. */
export interface BatchAnswer {
  /** The results by name; the caller owns them. */
  readonly outputs: Readonly<Record<string, GpuTensor | HostTensor>>;
  /** What the run kept, with a claim of the caller to it; undefined if nothing. */
  readonly rows: KeptRows | undefined;
  /** The place of the call in the run. */
  readonly slot: number;
}

/** A network with room for several pictures. */
export interface BatchNetwork {
  /** Pictures that one run has room for. */
  readonly copies: number;
  /** Its weights, in bytes. */
  readonly weightBytes: number;
  /** Answers calls in one run; each has a place of its own. */
  run(calls: ReadonlyMap<number, BatchCall>): Promise<ReadonlyMap<number, BatchAnswer>>;
}

interface WaitingCall {
  readonly member: BatchMember;
  readonly network: BatchNetwork;
  readonly call: BatchCall;
  resolve(answer: BatchAnswer): void;
  reject(error: unknown): void;
}

/**
 * Pictures that are made at once: what their runs ask of a network is answered in one run of it.
 *
 * Each picture is a member. A network runs when every member waits for one, so all of them advance
 * in step; a member that leaves is waited for no longer. Where members wait for several networks the
 * smallest runs first, since who waits for it will come to the larger ones, which cost more.
 */
export class SessionBatch {
  /** Pictures that networks are loaded for. */
  readonly size: number;
  readonly #members = new Set<BatchMember>();
  readonly #networks = new Map<Session, BatchNetwork>();
  readonly #waiting = new Set<WaitingCall>();
  #joined = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Begins a batch without members.
   *
   * @param size Pictures that networks are loaded for, 1 or more: members of whom none leaves.
   */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`Cannot make pictures at once: expected 1 or more, got ${size}`);
    }
    this.size = size;
  }

  /** Adds a member, for which the others wait until it is disposed of. */
  join(): BatchMember {
    const member = new BatchMember(this, this.#joined++);
    this.#members.add(member);
    return member;
  }

  /**
   * Ends a membership; what the member asks later is answered, but nobody waits for it.
   *
   * @ignore
   */
  leave(member: BatchMember): void {
    this.#members.delete(member);
    this.#runIfAllWait();
  }

  /**
   * Returns the network of a session, the same one for all members.
   *
   * @ignore
   */
  networkOf(session: Session, create: () => BatchNetwork): BatchNetwork {
    const network = this.#networks.get(session) ?? create();
    this.#networks.set(session, network);
    return network;
  }

  /**
   * Asks a network, and waits until all members ask one.
   *
   * @ignore
   */
  ask(member: BatchMember, network: BatchNetwork, call: BatchCall): Promise<BatchAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ member, network, call, resolve, reject });
      this.#runIfAllWait();
    });
  }

  /**
   * Does work of which members do one piece at a time, such as loading; it must not ask a network of
   * the batch.
   *
   * @ignore
   */
  takeTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #runIfAllWait(): void {
    if (this.#waiting.size === 0) return;
    const waiting = new Set(this.#waiting.values().map(({ member }) => member));
    if (!this.#members.isSubsetOf(waiting)) return;
    const chosen = this.#choose();
    for (const call of chosen.values()) this.#waiting.delete(call);
    this.#run(chosen);
  }

  /** Chooses the calls of the next run, by their places in it. */
  #choose(): Map<number, WaitingCall> {
    const calls = [...this.#waiting].sort((a, b) =>
      a.network.weightBytes - b.network.weightBytes || a.member.number - b.member.number
    );
    const { network, call: { rows } } = calls[0]!;
    const chosen = new Map<number, WaitingCall>();
    for (const call of calls) {
      if (chosen.size === network.copies) break;
      if (call.network !== network || call.call.rows !== rows) continue;
      const slot = call.call.slot ?? chosen.size;
      // The same member may ask twice with what one run has kept.
      if (!chosen.has(slot)) chosen.set(slot, call);
    }
    return chosen;
  }

  async #run(calls: ReadonlyMap<number, WaitingCall>): Promise<void> {
    const { network } = [...calls.values()][0]!;
    try {
      const answers = await network.run(new Map(calls.entries().map(([i, { call }]) => [i, call])));
      for (const [slot, { resolve }] of calls) resolve(answers.get(slot)!);
    } catch (error) {
      for (const { reject } of calls.values()) reject(error);
    }
    // If only some that have left were answered, all members may wait still.
    this.#runIfAllWait();
  }
}

/** One of the pictures that are made at once. It must be disposed of, or the others wait for it. */
export class BatchMember implements Disposable {
  /**
   * What it is a member of.
   *
   * @ignore
   */
  readonly batch: SessionBatch;
  /**
   * How many joined before it.
   *
   * @ignore
   */
  readonly number: number;

  /**
   * For `SessionBatch.join`.
   *
   * @ignore
   */
  constructor(batch: SessionBatch, number: number) {
    this.batch = batch;
    this.number = number;
  }

  /** Leaves the batch. */
  [Symbol.dispose](): void {
    this.batch.leave(this);
  }
}
