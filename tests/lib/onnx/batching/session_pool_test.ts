import assert from "node:assert/strict";
import { PooledSessions, SessionPool } from "../../../../lib/onnx/batching/session_pool.ts";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import type { LoadOptions, Session, SessionLoader } from "../../../../lib/onnx/runtime/session.ts";
import { WASM_SESSIONS } from "../run_graph.ts";

/** Returns the graph y = x * weight + constant, of three values each. */
function line(weight: number, constant: number): Graph {
  const g = new GraphBuilder("line");
  const entry = {
    key: "weight",
    shape: [3],
    dtype: "F32" as const,
    read: (_: unknown, start = 0, count = 3 - start) =>
      new Uint8Array(new Float32Array(count).fill(weight).buffer),
  };
  g.output("y", g.add(g.mul(g.input("x", [3]), g.weight(entry, [3])), constant));
  return g.build();
}

const x = { data: Float32Array.of(1, 2, 3), shape: [3] };

async function load(pool: SessionPool, graph: Graph, options?: LoadOptions): Promise<Session> {
  return await new PooledSessions(WASM_SESSIONS, pool).load(graph, options);
}

async function run(graph: Graph, pool: SessionPool): Promise<number[]> {
  await using session = await load(pool, graph);
  const { outputs: { y } } = await session.runHost({ x });
  return Array.from(y!.data as Float32Array);
}

Deno.test("SessionPool keeps a network that was disposed of for the next caller", async () => {
  await using pool = new SessionPool();
  assert.deepEqual(await run(line(2, 1), pool), [3, 5, 7]);
  assert.deepEqual(await run(line(2, 1), pool), [3, 5, 7]);
  assert.equal(pool.size, 1);
});

Deno.test("SessionPool distinguishes networks by weights, constants and saved tensors", async () => {
  await using pool = new SessionPool();
  await run(line(2, 1), pool);
  assert.deepEqual(await run(line(3, 1), pool), [4, 7, 10]);
  assert.deepEqual(await run(line(2, 0), pool), [2, 4, 6]);
  assert.equal(pool.size, 3);
  await using saving = await load(pool, { ...line(2, 1), saved: ["y"] });
  const { outputs, saved } = await saving.runHost({ x });
  using y = saved["y"]!;
  assert.deepEqual([Object.keys(outputs), y.shape, pool.size], [[], [3], 4]);
});

Deno.test("SessionPool loads again what could not be loaded", async () => {
  await using pool = new SessionPool();
  const signal = AbortSignal.abort(new Error("stopped"));
  await assert.rejects(load(pool, line(2, 1), { signal }), /^Error: stopped$/);
  assert.deepEqual(await run(line(2, 1), pool), [3, 5, 7]);
});

Deno.test("SessionPool frees its networks", async () => {
  const pool = new SessionPool();
  const session = await load(pool, line(2, 1));
  await pool[Symbol.asyncDispose]();
  await assert.rejects(session.runHost({ x }), /its session was disposed of/);
});

Deno.test("SessionPool keeps no large transient network", async () => {
  await using pool = new SessionPool({ transientLimit: 12 });
  // Three weights are 12 bytes, the constant is 4 more.
  await using large = await load(pool, line(2, 1), { transient: true });
  assert.equal(pool.size, 0);
  const { outputs: { y } } = await large.runHost({ x });
  assert.deepEqual(Array.from(y!.data as Float32Array), [3, 5, 7]);
  await large[Symbol.asyncDispose]();
  await assert.rejects(large.runHost({ x }), /its session was disposed of/);
  await using larger = new SessionPool({ transientLimit: 16 });
  await using _small = await load(larger, line(2, 1), { transient: true });
  assert.equal(larger.size, 1);
});

/** A loader whose networks are ready when `finish` is called; it follows the signals. */
class SlowSessions implements SessionLoader {
  readonly runtime = "wasm";
  readonly gpu = null;
  /** Signals of the loads that were started. */
  readonly signals: (AbortSignal | undefined)[] = [];
  readonly #finished = Promise.withResolvers<void>();

  finish(): void {
    this.#finished.resolve();
  }

  async load(graph: Graph, { signal }: LoadOptions = {}): Promise<Session> {
    this.signals.push(signal);
    const aborted = Promise.withResolvers<never>();
    signal?.addEventListener("abort", () => aborted.reject(signal.reason));
    await Promise.race([this.#finished.promise, aborted.promise]);
    return await WASM_SESSIONS.load(graph);
  }
}

/** Starts to load one network for several callers, each with its own signal. */
async function loadTogether(count: number) {
  const slow = new SlowSessions();
  const pool = new SessionPool();
  const sessions = new PooledSessions(slow, pool);
  const controllers = Array.from({ length: count }, () => new AbortController());
  const loads: Promise<Session>[] = [];
  for (const { signal } of controllers) {
    const load = sessions.load(line(2, 1), { signal });
    load.catch(() => {});
    loads.push(load);
    // The first call starts the loading.
    while (slow.signals.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(slow.signals.length, 1);
  return { slow, pool, sessions, controllers, loads };
}

Deno.test("SessionPool loads for the others when a caller cancels", async () => {
  for (const canceled of [0, 1]) {
    const { slow, pool, controllers, loads } = await loadTogether(3);
    await using _ = pool;
    controllers[canceled]!.abort(new Error("stopped"));
    slow.finish();
    await assert.rejects(loads[canceled]!, /^Error: stopped$/);
    for (const load of loads.toSpliced(canceled, 1)) {
      await using session = await load;
      const { outputs: { y } } = await session.runHost({ x });
      assert.deepEqual(Array.from(y!.data as Float32Array), [3, 5, 7]);
    }
    assert.deepEqual([slow.signals.length, slow.signals[0]!.aborted], [1, false]);
  }
});

Deno.test("SessionPool lets only the caller that owns the weights wait after it canceled", async () => {
  const { slow, pool, controllers, loads } = await loadTogether(3);
  await using _ = pool;
  controllers[1]!.abort(new Error("second"));
  await assert.rejects(loads[1]!, /^Error: second$/);
  controllers[0]!.abort(new Error("first"));
  let hasEnded = false;
  loads[0]!.catch(() => hasEnded = true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(hasEnded, false);
  slow.finish();
  await assert.rejects(loads[0]!, /^Error: first$/);
  await (await loads[2]!)[Symbol.asyncDispose]();
});

Deno.test("SessionPool cancels a load when all callers have canceled, and loads again", async () => {
  const { slow, pool, sessions, controllers, loads } = await loadTogether(2);
  await using _ = pool;
  for (const [i, controller] of controllers.entries()) controller.abort(new Error(`stop ${i}`));
  const again = sessions.load(line(2, 1));
  assert.equal(slow.signals[0]!.aborted, true);
  await assert.rejects(loads[1]!, /^Error: stop 1$/);
  await assert.rejects(loads[0]!, /^Error: stop/);
  slow.finish();
  await using session = await again;
  const { outputs: { y } } = await session.runHost({ x });
  assert.deepEqual(Array.from(y!.data as Float32Array), [3, 5, 7]);
  assert.equal(slow.signals.length, 2);
});
