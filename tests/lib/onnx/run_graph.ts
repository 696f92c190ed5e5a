import type { Graph } from "../../../lib/onnx/graph/graph.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";
import type { HostTensor } from "../../../lib/onnx/runtime/session.ts";

/** Loads networks for the CPU. */
export const WASM_SESSIONS = new OrtSessions({ runtime: "wasm" });

/** Runs a graph once on the CPU. */
export async function runGraph(
  graph: Graph,
  feeds: Readonly<Record<string, HostTensor>>,
): Promise<Record<string, HostTensor>> {
  await using session = await WASM_SESSIONS.load(graph);
  const { outputs } = await session.runHost(feeds);
  return outputs;
}

/** Returns values in (-1, 1) without a pattern: the fractions of multiples of the golden ratio. */
export function scatter(size: number, seed = 1): Float32Array {
  return Float32Array.from(
    { length: size },
    (_, i) => 2 * (((i + 1) * 0.6180339887 + seed * 0.7548776662) % 1) - 1,
  );
}
