import assert from "node:assert/strict";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { createSession } from "../../../../lib/onnx/runtime/session.ts";
import { SessionPool } from "../../../../lib/onnx/batching/session_pool.ts";

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

async function run(graph: Graph, pool: SessionPool): Promise<number[]> {
  await using session = await createSession(null, graph, { runtime: "wasm", pool });
  const { y } = await session.runHost({ x });
  return Array.from(y!.data as Float32Array);
}

Deno.test("SessionPool keeps a network that was disposed of for the next who asks", async () => {
  await using pool = new SessionPool();
  assert.deepEqual(await run(line(2, 1), pool), [3, 5, 7]);
  assert.deepEqual(await run(line(2, 1), pool), [3, 5, 7]);
  assert.equal(pool.size, 1);
});

Deno.test("SessionPool tells networks apart by weights and constants", async () => {
  await using pool = new SessionPool();
  await run(line(2, 1), pool);
  assert.deepEqual(await run(line(3, 1), pool), [4, 7, 10]);
  assert.deepEqual(await run(line(2, 0), pool), [2, 4, 6]);
  assert.equal(pool.size, 3);
});

Deno.test("SessionPool loads again what could not be loaded", async () => {
  await using pool = new SessionPool();
  const signal = AbortSignal.abort(new Error("stopped"));
  const stopped = createSession(null, line(2, 1), { runtime: "wasm", pool, signal });
  await assert.rejects(stopped, /^Error: stopped$/);
  assert.deepEqual(await run(line(2, 1), pool), [3, 5, 7]);
});

Deno.test("SessionPool frees its networks", async () => {
  const pool = new SessionPool();
  const session = await createSession(null, line(2, 1), { runtime: "wasm", pool });
  await pool[Symbol.asyncDispose]();
  await assert.rejects(session.runHost({ x }), /its session was disposed of/);
});

Deno.test("SessionPool keeps no large network that a run asks for once", async () => {
  await using pool = new SessionPool({ briefLimit: 12 });
  const options = { runtime: "wasm", pool, isBrief: true } as const;
  // Three weights are 12 bytes, the constant is 4 more.
  await using large = await createSession(null, line(2, 1), options);
  assert.equal(pool.size, 0);
  const { y } = await large.runHost({ x });
  assert.deepEqual(Array.from(y!.data as Float32Array), [3, 5, 7]);
  await large[Symbol.asyncDispose]();
  await assert.rejects(large.runHost({ x }), /its session was disposed of/);
  await using larger = new SessionPool({ briefLimit: 16 });
  await using _small = await createSession(null, line(2, 1), { ...options, pool: larger });
  assert.equal(larger.size, 1);
});
