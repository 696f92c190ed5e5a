import assert from "node:assert/strict";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { CancelableSessions } from "../../../../lib/onnx/runtime/cancelable_sessions.ts";
import { WASM_SESSIONS } from "../run_graph.ts";

const g = new GraphBuilder("double");
g.output("y", g.mul(g.input("x", [1]), 2));
const GRAPH = g.build();

Deno.test("CancelableSessions loads until one of its signals cancels", async () => {
  const [all, one] = [new AbortController(), new AbortController()];
  const sessions = new CancelableSessions(WASM_SESSIONS, all.signal);
  assert.deepEqual([sessions.runtime, sessions.gpu], ["wasm", null]);
  await using session = await sessions.load(GRAPH, { signal: one.signal });
  one.abort(new Error("one"));
  await assert.rejects(sessions.load(GRAPH, { signal: one.signal }), /^Error: one$/);
  await using _ = await sessions.load(GRAPH);
  all.abort(new Error("all"));
  await assert.rejects(sessions.load(GRAPH), /^Error: all$/);
  // A loaded network is not affected.
  const { outputs } = await session.runHost({ x: { data: Float32Array.of(3), shape: [1] } });
  assert.deepEqual(outputs["y"]!.data, Float32Array.of(6));
});
