/**
 * Loads and disposes of sessions, and prints by how many MB this program grew. It is a separate
 * program, since concurrent tests share one.
 *
 * @module
 */
import { Gpu } from "../../../../kernels/gpu/gpu.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import type { Runtime } from "../../../../lib/onnx/runtime/session.ts";
import { OrtSessions } from "../../../../lib/onnx/runtime/ort_sessions.ts";

/** Values of the only weight: 32 MB. */
const SIZE = 8 * 2 ** 20;
const ROUNDS = 30;

async function growthOf(runtime: Runtime): Promise<number> {
  using gpu = await Gpu.request();
  const g = new GraphBuilder("adder");
  const read = (_: unknown, start = 0, count = SIZE - start) =>
    new Uint8Array(new Float32Array(count).fill(1).buffer);
  const weight = g.weight({ key: "weight", shape: [SIZE], dtype: "F32", read }, [SIZE]);
  g.output("y", g.add(g.input("x", [SIZE]), weight));
  const graph = g.build();
  const feeds = { x: { data: new Float32Array(SIZE), shape: [SIZE] } };
  const run = async (rounds: number) => {
    for (let i = 0; i < rounds; i++) {
      await using session = await new OrtSessions({ runtime, gpu }).load(graph);
      await session.runHost(feeds);
    }
    return Deno.memoryUsage().rss / 2 ** 20;
  };
  const before = await run(3);
  return await run(ROUNDS) - before;
}

// deno-lint-ignore no-console -- what the test reads
if (import.meta.main) console.log(await growthOf(Deno.args[0] as Runtime));
