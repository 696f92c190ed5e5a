import assert from "node:assert/strict";
import { restoreWorker } from "../../../../lib/onnx/patches/global_worker.ts";

const { Worker } = globalThis;

Deno.test("restoreWorker() restores the global Worker with its last user", () => {
  const [first, second] = [restoreWorker(), restoreWorker()];
  const replaced = class extends Worker {};
  globalThis.Worker = replaced;
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.equal(globalThis.Worker, replaced);
  second[Symbol.dispose]();
  assert.equal(globalThis.Worker, Worker);
  // A later replacement by somebody else is not undone.
  globalThis.Worker = replaced;
  second[Symbol.dispose]();
  assert.equal(globalThis.Worker, replaced);
  globalThis.Worker = Worker;
});
