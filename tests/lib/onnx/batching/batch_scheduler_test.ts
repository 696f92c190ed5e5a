import assert from "node:assert/strict";
import { SavedTensor } from "../../../../lib/onnx/runtime/feeds.ts";
import { SavedBatch, SavedSlice } from "../../../../lib/onnx/batching/saved_batch.ts";
import {
  type BatchCall,
  type BatchNetwork,
  type BatchResult,
  BatchScheduler,
} from "../../../../lib/onnx/batching/batch_scheduler.ts";

const CALL: BatchCall = { feeds: {}, onHost: true, saved: undefined, slot: undefined };

/** A network that records the slots of its runs. */
class FakeNetwork implements BatchNetwork {
  readonly runs: number[][] = [];
  readonly batchSize: number;
  readonly weightBytes: number;
  failure: Error | undefined;

  constructor({ batchSize = 3, weightBytes = 1 } = {}) {
    this.batchSize = batchSize;
    this.weightBytes = weightBytes;
  }

  async run(calls: ReadonlyMap<number, BatchCall>): Promise<ReadonlyMap<number, BatchResult>> {
    this.runs.push([...calls.keys()]);
    await Promise.resolve();
    if (this.failure) throw this.failure;
    return new Map(
      calls.keys().map((slot) => [slot, { outputs: {}, saved: undefined, slot }]),
    );
  }
}

/** Creates a batch of three slots. */
function createBatch() {
  const batch = new BatchScheduler(3);
  const slots = [1, 2, 3].map(() => batch.acquire());
  const submit = (
    i: number,
    network: BatchNetwork,
    call: Partial<BatchCall> = {},
  ) => batch.submit(slots[i]!, network, { ...CALL, ...call });
  return { batch, slots, submit };
}

/** Waits until nothing more can happen. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

Deno.test("BatchScheduler runs the calls of all slots in one run", async () => {
  const { submit } = createBatch();
  const network = new FakeNetwork();
  const calls = [2, 0].map((i) => submit(i, network));
  await settle();
  assert.deepEqual(network.runs, []);
  const results = await Promise.all([...calls, submit(1, network)]);
  assert.deepEqual(network.runs, [[0, 1, 2]]);
  assert.deepEqual(results.map(({ slot }) => slot), [2, 0, 1]);
});

Deno.test("BatchScheduler does not wait for a released slot", async () => {
  const { slots, submit } = createBatch();
  const network = new FakeNetwork();
  slots[0]![Symbol.dispose]();
  const calls = [submit(1, network)];
  await settle();
  assert.deepEqual(network.runs, []);
  slots[2]![Symbol.dispose]();
  await Promise.all(calls);
  assert.deepEqual(network.runs, [[0]]);
  // The calls of a released slot run too, with others or alone.
  const late = submit(0, network);
  await settle();
  assert.deepEqual(network.runs.length, 1);
  await Promise.all([late, submit(1, network)]);
  assert.deepEqual(network.runs, [[0], [0, 1]]);
  slots[1]![Symbol.dispose]();
  await submit(2, network);
  assert.deepEqual(network.runs.length, 3);
});

Deno.test("BatchScheduler runs the smallest network first, so that all slots share the largest", async () => {
  const { submit } = createBatch();
  const [small, large] = [1, 2].map((weightBytes) => new FakeNetwork({ weightBytes }));
  const first = submit(0, large!);
  const second = submit(1, large!);
  const third = (async () => {
    await submit(2, small!);
    await submit(2, large!);
  })();
  await Promise.all([first, second, third]);
  assert.deepEqual([small!.runs, large!.runs], [[[0]], [[0, 1, 2]]]);
});

Deno.test("BatchScheduler runs a network again for calls without a free slot", async () => {
  const { slots, submit } = createBatch();
  const network = new FakeNetwork({ batchSize: 2 });
  await Promise.all([0, 1, 2].map(async (i) => {
    for (let call = 0; call < 2; call++) await submit(i, network);
    slots[i]![Symbol.dispose]();
  }));
  assert.equal(network.runs.flat().length, 6);
  assert(network.runs.every(({ length }) => length <= 2));
});

Deno.test("BatchScheduler rejects all calls of a run that fails, and continues", async () => {
  const { submit } = createBatch();
  const network = new FakeNetwork();
  network.failure = new Error("no memory");
  const failed = await Promise.allSettled([0, 1, 2].map((i) => submit(i, network)));
  assert.deepEqual(
    failed.map((result) => result.status === "rejected" && result.reason.message),
    ["no memory", "no memory", "no memory"],
  );
  network.failure = undefined;
  assert.equal((await Promise.all([0, 1, 2].map((i) => submit(i, network)))).length, 3);
});

Deno.test("BatchScheduler runs calls with the tensors of different runs apart", async () => {
  const { slots, submit } = createBatch();
  const network = new FakeNetwork();
  const [one, other] = [new SavedBatch({}), new SavedBatch({})];
  const saved = [[one, 2], [other, 1], [one, 0]] as const;
  const calls = saved.map(([batch, slot], i) => submit(i, network, { saved: batch, slot }));
  await settle();
  assert.deepEqual(network.runs, [[2, 0]]);
  for (const i of [0, 2]) slots[i]![Symbol.dispose]();
  assert.deepEqual((await Promise.all(calls)).map(({ slot }) => slot), [2, 1, 0]);
  assert.deepEqual(network.runs, [[2, 0], [1]]);
});

Deno.test("BatchScheduler.runExclusive() does one piece of work at a time, even after a failure", async () => {
  const { batch } = createBatch();
  const log: string[] = [];
  const work = (name: string) => async () => {
    log.push(`${name} begins`);
    await settle();
    log.push(`${name} ends`);
    if (name === "a") throw new Error("a fails");
  };
  const ended = await Promise.allSettled(["a", "b"].map((name) => batch.runExclusive(work(name))));
  assert.deepEqual(ended.map(({ status }) => status), ["rejected", "fulfilled"]);
  assert.deepEqual(log, ["a begins", "a ends", "b begins", "b ends"]);
});

Deno.test("SavedBatch frees its tensors once, with its last slice", () => {
  let freed = 0;
  const tensor = { dims: [4], type: "float32", [Symbol.dispose]: () => void freed++ };
  const batch = new SavedBatch({ h: new SavedTensor(tensor) });
  const value = { name: "h", type: "float32", shape: [2] } as const;
  const [first, second] = [0, 1].map((slot) => new SavedSlice(batch, slot, value));
  first![Symbol.dispose]();
  first![Symbol.dispose]();
  assert.equal(freed, 0);
  second![Symbol.dispose]();
  assert.equal(freed, 1);
});
