import { JobServer } from "./job_server.ts";
import type { KeeperOrder } from "./lock_keeper.ts";

/**
 * Silence of the worker after which its locks are let go, in milliseconds: it hangs. A teacher call
 * of SDXL on a CPU takes minutes.
 */
const MAX_SILENCE_MS = 30 * 60_000;

/** The part of a thread's global scope that is used. */
interface Scope {
  postMessage(message: string): void;
  addEventListener(type: "message", listener: (event: MessageEvent<KeeperOrder>) => void): void;
}

/** Obeys the orders of a worker, in its own thread. */
function keepLocks(scope: Scope): void {
  const held = new Map<string, string>();
  let heardAt = performance.now();
  const renew = async (server: JobServer, lockMs: number) => {
    if (performance.now() - heardAt > MAX_SILENCE_MS) return;
    for (const [id, token] of held) {
      try {
        await (await server.queue.getJob(id))?.extendLock(token, lockMs);
      } catch {
        // The server is lost, or another worker has the job.
      }
    }
  };
  scope.addEventListener("message", async ({ data }) => {
    heardAt = performance.now();
    if (data.order === "hold") held.set(data.id, data.token);
    if (data.order === "release") held.delete(data.id);
    if (data.order !== "connect") return;
    const { address, lockMs } = data;
    const server = await JobServer.connect(address);
    scope.postMessage("ready");
    // One after the other: a silent server must not collect them.
    while (true) {
      await new Promise((resolve) => setTimeout(resolve, lockMs / 3));
      await renew(server, lockMs);
    }
  });
}

// In a page or a program it does nothing.
if (import.meta.main) keepLocks(self as unknown as Scope);
