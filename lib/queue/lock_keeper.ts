import { QueueError } from "./queue_error.ts";
import type { ServerAddress } from "./server_address.ts";

/** What the thread that keeps locks is told. */
export type KeeperOrder =
  | {
    /** The server, told once. */
    readonly order: "connect";
    readonly address: ServerAddress;
    readonly lockMs: number;
  }
  /** Keeps the lock of a job. */
  | { readonly order: "hold"; readonly id: string; readonly token: string }
  /** Lets it go. */
  | { readonly order: "release"; readonly id: string }
  /** The worker is alive. */
  | { readonly order: "beat" };

/** Time between two signs of life, in milliseconds. */
const BEAT_MS = 1000;

/**
 * Keeps the locks of jobs from a separate thread. The networks compute on the thread of the
 * worker, which may be late to renew a lock; then another worker would begin the same job.
 */
export class LockKeeper implements Disposable {
  readonly #thread: Worker;
  readonly #timer: ReturnType<typeof setInterval>;

  private constructor(thread: Worker) {
    this.#thread = thread;
    this.#timer = setInterval(() => this.#tell({ order: "beat" }), BEAT_MS);
  }

  /**
   * Starts the thread, and waits until it is connected.
   *
   * @param lockMs Duration of a lock, in milliseconds.
   * @throws {QueueError} If the thread cannot be started, or finds no server.
   */
  static async start(address: ServerAddress, lockMs: number): Promise<LockKeeper> {
    const url = import.meta.resolve("./lock_keeper_thread.ts");
    const thread = new Worker(url, { type: "module", name: "smalti lock keeper" });
    const ready = Promise.withResolvers<void>();
    thread.onmessage = () => ready.resolve();
    thread.onerror = (event) => {
      event.preventDefault();
      ready.reject(new QueueError(`Cannot keep the locks of jobs: ${event.message}`));
    };
    const keeper = new LockKeeper(thread);
    try {
      keeper.#tell({ order: "connect", address, lockMs });
      await ready.promise;
      return keeper;
    } catch (error) {
      keeper[Symbol.dispose]();
      throw error;
    }
  }

  /** Keeps the lock of a job until the result is disposed of. */
  hold(id: string, token: string): Disposable {
    this.#tell({ order: "hold", id, token });
    return { [Symbol.dispose]: () => this.#tell({ order: "release", id }) };
  }

  #tell(order: KeeperOrder): void {
    this.#thread.postMessage(order);
  }

  /** Ends the thread. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#thread.terminate();
  }
}
