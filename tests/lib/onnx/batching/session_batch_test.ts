import assert from "node:assert/strict";
import { GpuTensor } from "../../../../kernels/gpu/tensor.ts";
import { createBatchedSession } from "../../../../lib/onnx/batching/batched_session.ts";
import { KeptTensor } from "../../../../lib/onnx/runtime/feeds.ts";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { KeptPart, KeptRows } from "../../../../lib/onnx/batching/saved_rows.ts";
import type { HostTensor, Session } from "../../../../lib/onnx/runtime/session.ts";
import {
  type BatchAnswer,
  type BatchCall,
  type BatchMember,
  type BatchNetwork,
  SessionBatch,
} from "../../../../lib/onnx/batching/session_batch.ts";
import { SessionPool } from "../../../../lib/onnx/batching/session_pool.ts";
import { gpuTest } from "../../../support/gpu_test.ts";

const CALL: BatchCall = { feeds: {}, kept: [], onHost: true, rows: undefined, slot: undefined };

/** A network that writes down which places its runs had. */
class FakeNetwork implements BatchNetwork {
  readonly runs: number[][] = [];
  readonly copies: number;
  readonly weightBytes: number;
  failure: Error | undefined;

  constructor({ copies = 3, weightBytes = 1 } = {}) {
    this.copies = copies;
    this.weightBytes = weightBytes;
  }

  async run(calls: ReadonlyMap<number, BatchCall>): Promise<ReadonlyMap<number, BatchAnswer>> {
    this.runs.push([...calls.keys()]);
    await Promise.resolve();
    if (this.failure) throw this.failure;
    return new Map(
      calls.keys().map((slot) => [slot, { outputs: {}, rows: undefined, slot }]),
    );
  }
}

/** Begins a batch of three members. */
function begin() {
  const batch = new SessionBatch(3);
  const members = [1, 2, 3].map(() => batch.join());
  const ask = (
    i: number,
    network: BatchNetwork,
    call: Partial<BatchCall> = {},
  ) => batch.ask(members[i]!, network, { ...CALL, ...call });
  return { batch, members, ask };
}

/** Lets all that can go on go on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

Deno.test("SessionBatch answers all members in one run, each in its place", async () => {
  const { ask } = begin();
  const network = new FakeNetwork();
  const calls = [2, 0].map((i) => ask(i, network));
  await settle();
  assert.deepEqual(network.runs, []);
  const answers = await Promise.all([...calls, ask(1, network)]);
  assert.deepEqual(network.runs, [[0, 1, 2]]);
  assert.deepEqual(answers.map(({ slot }) => slot), [2, 0, 1]);
});

Deno.test("SessionBatch waits no longer for who leaves, before or after the others ask", async () => {
  const { members, ask } = begin();
  const network = new FakeNetwork();
  members[0]![Symbol.dispose]();
  const calls = [ask(1, network)];
  await settle();
  assert.deepEqual(network.runs, []);
  members[2]![Symbol.dispose]();
  await Promise.all(calls);
  assert.deepEqual(network.runs, [[0]]);
  // Who has left is answered, too, with the others or alone.
  const late = ask(0, network);
  await settle();
  assert.deepEqual(network.runs.length, 1);
  await Promise.all([late, ask(1, network)]);
  assert.deepEqual(network.runs, [[0], [0, 1]]);
  members[1]![Symbol.dispose]();
  await ask(2, network);
  assert.deepEqual(network.runs.length, 3);
});

Deno.test("SessionBatch runs the smallest network first, so that all meet at the largest", async () => {
  const { ask } = begin();
  const [small, large] = [1, 2].map((weightBytes) => new FakeNetwork({ weightBytes }));
  const first = ask(0, large!);
  const second = ask(1, large!);
  const third = (async () => {
    await ask(2, small!);
    await ask(2, large!);
  })();
  await Promise.all([first, second, third]);
  assert.deepEqual([small!.runs, large!.runs], [[[0]], [[0, 1, 2]]]);
});

Deno.test("SessionBatch runs a network again for whom it has no room", async () => {
  const { members, ask } = begin();
  const network = new FakeNetwork({ copies: 2 });
  await Promise.all([0, 1, 2].map(async (i) => {
    for (let call = 0; call < 2; call++) await ask(i, network);
    members[i]![Symbol.dispose]();
  }));
  assert.equal(network.runs.flat().length, 6);
  assert(network.runs.every(({ length }) => length <= 2));
});

Deno.test("SessionBatch tells a failure to all of a run, and goes on", async () => {
  const { ask } = begin();
  const network = new FakeNetwork();
  network.failure = new Error("no memory");
  const failed = await Promise.allSettled([0, 1, 2].map((i) => ask(i, network)));
  assert.deepEqual(
    failed.map((result) => result.status === "rejected" && result.reason.message),
    ["no memory", "no memory", "no memory"],
  );
  network.failure = undefined;
  assert.equal((await Promise.all([0, 1, 2].map((i) => ask(i, network)))).length, 3);
});

Deno.test("SessionBatch keeps apart what several runs have kept, and puts all in their places", async () => {
  const { members, ask } = begin();
  const network = new FakeNetwork();
  const [one, other] = [new KeptRows({}), new KeptRows({})];
  const slots = [[one, 2], [other, 1], [one, 0]] as const;
  const calls = slots.map(([rows, slot], i) => ask(i, network, { rows, slot }));
  await settle();
  assert.deepEqual(network.runs, [[2, 0]]);
  for (const i of [0, 2]) members[i]![Symbol.dispose]();
  assert.deepEqual((await Promise.all(calls)).map(({ slot }) => slot), [2, 1, 0]);
  assert.deepEqual(network.runs, [[2, 0], [1]]);
});

Deno.test("SessionBatch.takeTurn() does one piece of work at a time, also after a failure", async () => {
  const { batch } = begin();
  const told: string[] = [];
  const work = (name: string) => async () => {
    told.push(`${name} begins`);
    await settle();
    told.push(`${name} ends`);
    if (name === "a") throw new Error("a fails");
  };
  const ended = await Promise.allSettled(["a", "b"].map((name) => batch.takeTurn(work(name))));
  assert.deepEqual(ended.map(({ status }) => status), ["rejected", "fulfilled"]);
  assert.deepEqual(told, ["a begins", "a ends", "b begins", "b ends"]);
});

Deno.test("KeptRows are freed with their last part, once", () => {
  let freed = 0;
  const tensor = { dims: [4], type: "float32", [Symbol.dispose]: () => void freed++ };
  const rows = new KeptRows({ h: new KeptTensor(tensor) });
  const value = { name: "h", type: "float32", shape: [2] } as const;
  const [first, second] = [0, 1].map((slot) => new KeptPart(rows, slot, value));
  first![Symbol.dispose]();
  first![Symbol.dispose]();
  assert.equal(freed, 0);
  second![Symbol.dispose]();
  assert.equal(freed, 1);
});

/** y = 2 x + t for each picture; x is [2 B, 3], t is [B]. */
function widen(copies: number): Graph {
  const g = new GraphBuilder("line");
  const [x, t] = [g.input("x", [2 * copies, 3]), g.input("t", [copies])];
  const rows = g.reshape(g.mul(x, 2), [copies, 6]);
  g.output("y", g.reshape(g.add(rows, g.reshape(t, [copies, 1])), [2 * copies, 3]));
  return g.build();
}

/** Members of a batch, each with its session of the graph. */
async function open(
  size: number,
  options: {
    readonly runtime: "wasm" | "webgpu";
    readonly pool: SessionPool;
    readonly gpu?: Parameters<typeof createBatchedSession>[0];
    readonly pads?: boolean;
  },
): Promise<{ readonly members: BatchMember[]; readonly sessions: Session[] }> {
  const { gpu = null, pads, ...rest } = options;
  const batch = new SessionBatch(size);
  const members = Array.from({ length: size }, () => batch.join());
  const graph = { one: widen(1), widen, ...(pads === undefined ? {} : { pads }) };
  const sessions: Session[] = [];
  for (const member of members) {
    sessions.push(await createBatchedSession(gpu, graph, { ...rest, member }));
  }
  return { members, sessions };
}

function feedsOf(i: number): { readonly x: HostTensor; readonly t: HostTensor } {
  return {
    x: { data: Float32Array.from({ length: 6 }, (_, at) => at + 10 * i), shape: [2, 3] },
    t: { data: Float32Array.of(0.5 * i), shape: [1] },
  };
}

function expectedOf(i: number): number[] {
  return Array.from(feedsOf(i).x.data as Float32Array, (value) => 2 * value + 0.5 * i);
}

Deno.test("createBatchedSession() gives each member the rows of its own", async () => {
  await using pool = new SessionPool();
  const { members, sessions } = await open(3, { runtime: "wasm", pool });
  assert.equal(pool.size, 1);
  const run = async (i: number) => {
    const { y } = await sessions[i]!.runHost(feedsOf(i));
    assert.deepEqual([y!.shape, Array.from(y!.data as Float32Array)], [[2, 3], expectedOf(i)]);
  };
  await Promise.all([0, 1, 2].map(run));
  // With a place that is free.
  members[1]![Symbol.dispose]();
  await Promise.all([2, 0].map(run));
  const wrong = sessions[0]!.runHost({ ...feedsOf(0), t: feedsOf(0).x });
  await assert.rejects(wrong, /expected input "t" to be float32 \[1\], got float32 \[2, 3\]/);
});

Deno.test("a pool pads a wider network where that is asked for, else it loads another", async () => {
  for (const [pads, size] of [[true, 1], [false, 2]] as const) {
    await using pool = new SessionPool();
    await open(3, { runtime: "wasm", pool, pads });
    const { sessions } = await open(2, { runtime: "wasm", pool, pads });
    assert.equal(pool.size, size);
    const results = await Promise.all([0, 1].map((i) => sessions[i]!.runHost(feedsOf(i))));
    for (const [i, { y }] of results.entries()) {
      assert.deepEqual(Array.from(y!.data as Float32Array), expectedOf(i));
    }
  }
});

for (const runtime of ["wasm", "webgpu"] as const) {
  gpuTest(`createBatchedSession() mixes tensors of host and GPU, on ${runtime}`, async (gpu) => {
    await using pool = new SessionPool();
    const { sessions } = await open(3, { runtime, pool, gpu });
    const results = await Promise.all([0, 1, 2].map(async (i) => {
      const { x, t } = feedsOf(i);
      if (i === 0) return (await sessions[i]!.runHost({ x, t }))["y"]!.data;
      using onGpu = GpuTensor.from(gpu, x.data as Float32Array, x.shape, "x");
      const { y } = await sessions[i]!.run({ x: i === 1 ? onGpu : x, t });
      using result = y!;
      return await result.read();
    }));
    for (const [i, values] of results.entries()) {
      assert.deepEqual(Array.from(values as Float32Array), expectedOf(i));
    }
  });
}
