import assert from "node:assert/strict";
import type { Gpu } from "../../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../../kernels/gpu/tensor.ts";
import { BatchScheduler, type BatchSlot } from "../../../../lib/onnx/batching/batch_scheduler.ts";
import { BatchedSessions } from "../../../../lib/onnx/batching/batched_sessions.ts";
import { PooledSessions, SessionPool } from "../../../../lib/onnx/batching/session_pool.ts";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { OrtSessions } from "../../../../lib/onnx/runtime/ort_sessions.ts";
import type { HostTensor, Session } from "../../../../lib/onnx/runtime/session.ts";
import { defined } from "../../../../lib/text/defined.ts";
import { gpuTest } from "../../../support/gpu_test.ts";

/** y = 2 x + t for each picture; x is [2 B, 3], t is [B]. */
function build(size: number): Graph {
  const g = new GraphBuilder("line");
  const [x, t] = [g.input("x", [2 * size, 3]), g.input("t", [size])];
  const rows = g.reshape(g.mul(x, 2), [size, 6]);
  g.output("y", g.reshape(g.add(rows, g.reshape(t, [size, 1])), [2 * size, 3]));
  return g.build();
}

/** Slots of a batch, each with its session of the graph. */
async function open(
  size: number,
  { runtime, pool, gpu = null, weightBytes }: {
    readonly runtime: "wasm" | "webgpu";
    readonly pool: SessionPool;
    readonly gpu?: Gpu | null;
    readonly weightBytes?: number;
  },
): Promise<{ readonly slots: BatchSlot[]; readonly sessions: Session[] }> {
  const scheduler = new BatchScheduler(size);
  const slots = Array.from({ length: size }, () => scheduler.acquire());
  const pooled = new PooledSessions(new OrtSessions({ runtime, gpu }), pool);
  const batch = { build, ...defined({ weightBytes }) };
  const sessions: Session[] = [];
  for (const slot of slots) {
    sessions.push(await new BatchedSessions(pooled, slot).load(build(1), { batch }));
  }
  return { slots, sessions };
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

Deno.test("BatchedSessions gives each slot its own rows", async () => {
  await using pool = new SessionPool();
  const { slots, sessions } = await open(3, { runtime: "wasm", pool });
  assert.equal(pool.size, 1);
  const run = async (i: number) => {
    const { outputs: { y } } = await sessions[i]!.runHost(feedsOf(i));
    assert.deepEqual([y!.shape, Array.from(y!.data as Float32Array)], [[2, 3], expectedOf(i)]);
  };
  await Promise.all([0, 1, 2].map(run));
  // With an empty slot.
  slots[1]![Symbol.dispose]();
  await Promise.all([2, 0].map(run));
  const wrong = sessions[0]!.runHost({ ...feedsOf(0), t: feedsOf(0).x });
  await assert.rejects(wrong, /expected input "t" to be float32 \[1\], got float32 \[2, 3\]/);
});

Deno.test("BatchedSessions pads a large network instead of loading it again for fewer pictures", async () => {
  for (const [weightBytes, size] of [[2 ** 28 + 1, 1], [2 ** 28, 2]] as const) {
    await using pool = new SessionPool();
    await open(3, { runtime: "wasm", pool, weightBytes });
    const { sessions } = await open(2, { runtime: "wasm", pool, weightBytes });
    assert.equal(pool.size, size);
    const results = await Promise.all([0, 1].map((i) => sessions[i]!.runHost(feedsOf(i))));
    for (const [i, { outputs: { y } }] of results.entries()) {
      assert.deepEqual(Array.from(y!.data as Float32Array), expectedOf(i));
    }
  }
});

for (const runtime of ["wasm", "webgpu"] as const) {
  gpuTest(
    `BatchedSessions takes tensors in host memory and on the GPU, on ${runtime}`,
    async (gpu) => {
      await using pool = new SessionPool();
      const { sessions } = await open(3, { runtime, pool, gpu });
      const results = await Promise.all([0, 1, 2].map(async (i) => {
        const { x, t } = feedsOf(i);
        if (i === 0) return (await sessions[i]!.runHost({ x, t })).outputs["y"]!.data;
        using onGpu = GpuTensor.from(gpu, x.data as Float32Array, x.shape, "x");
        const { outputs: { y } } = await sessions[i]!.run({ x: i === 1 ? onGpu : x, t });
        using result = y!;
        return await result.read();
      }));
      for (const [i, values] of results.entries()) {
        assert.deepEqual(Array.from(values as Float32Array), expectedOf(i));
      }
    },
  );
}
