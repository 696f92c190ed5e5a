let users = 0;
let original: typeof Worker | undefined;

/**
 * Remembers the global `Worker`, and restores it when the result is disposed of.
 *
 * When onnxruntime-web 1.30.0 starts in Deno, it replaces `globalThis.Worker` by the one of
 * `node:worker_threads`, which has another interface. It creates all its threads at that time, so
 * it needs the replacement no longer. With several users, the last one restores.
 */
export function restoreWorker(): Disposable {
  if (users++ === 0) original = globalThis.Worker;
  let isActive = true;
  return {
    [Symbol.dispose]() {
      if (!isActive) return;
      isActive = false;
      if (--users === 0) globalThis.Worker = original!;
    },
  };
}
