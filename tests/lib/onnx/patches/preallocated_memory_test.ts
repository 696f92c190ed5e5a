import assert from "node:assert/strict";
import { preallocateMemory } from "../../../../lib/onnx/patches/preallocated_memory.ts";
import { WASM_SESSIONS } from "../run_graph.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";

const { Memory } = WebAssembly;
const PAGE_BYTES = 65_536;
/** The memory of onnxruntime. */
const ORT_MEMORY = { initial: 256, maximum: 65_536, shared: true };

Deno.test("preallocateMemory() gives onnxruntime's memory all pages, and is then undone", () => {
  using patch = preallocateMemory();
  assert.equal(patch.isDone, false);
  const memory = new WebAssembly.Memory(ORT_MEMORY);
  assert(memory instanceof Memory);
  // 65,536 pages would be 2^32 bytes, which is no 32-bit integer.
  assert.equal(memory.buffer.byteLength, 65_535 * PAGE_BYTES);
  assert.deepEqual([WebAssembly.Memory, patch.isDone], [Memory, true]);
  assert.equal(new WebAssembly.Memory(ORT_MEMORY).buffer.byteLength, 256 * PAGE_BYTES);
});

Deno.test("preallocateMemory() does not change other memories", () => {
  using patch = preallocateMemory();
  for (const descriptor of [{ initial: 2, maximum: 70, shared: true }, { initial: 256 }]) {
    const memory = new WebAssembly.Memory(descriptor);
    assert.equal(memory.buffer.byteLength, descriptor.initial * PAGE_BYTES);
  }
  assert.equal(patch.isDone, false);
});

Deno.test("preallocateMemory() is undone by its last user", () => {
  const patches = [preallocateMemory(), preallocateMemory(), preallocateMemory()];
  assert.notEqual(WebAssembly.Memory, Memory);
  patches[0]![Symbol.dispose]();
  patches[0]![Symbol.dispose]();
  assert.notEqual(WebAssembly.Memory, Memory);
  new WebAssembly.Memory(ORT_MEMORY);
  assert.notEqual(WebAssembly.Memory, Memory);
  for (const patch of patches) patch[Symbol.dispose]();
  assert.equal(WebAssembly.Memory, Memory);
});

Deno.test("a load leaves WebAssembly.Memory as it was, even if it fails", async () => {
  const g = new GraphBuilder("graph");
  g.output("y", g.mul(g.input("x", [1]), 2));
  const graph = g.build();
  await using _ = await WASM_SESSIONS.load(graph);
  assert.equal(WebAssembly.Memory, Memory);
  const nodes = graph.nodes.map((node) => ({ ...node, op: "NoSuchOperator" }));
  await assert.rejects(WASM_SESSIONS.load({ ...graph, nodes }));
  assert.equal(WebAssembly.Memory, Memory);
});

Deno.test("onnxruntime gets its whole memory, and leaves the globals as they were", async () => {
  // A separate program: in this one, another test may have loaded onnxruntime.
  const code = `
    import { WASM_SESSIONS } from "${import.meta.resolve("../run_graph.ts")}";
    import { GraphBuilder } from "${
    import.meta.resolve("../../../../lib/onnx/graph/graph_builder.ts")
  }";
    const pages = [];
    WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
      construct: (target, [descriptor]) => {
        pages.push(descriptor.initial);
        return new target(descriptor);
      },
    });
    const { Memory } = WebAssembly;
    const { Worker } = globalThis;
    const g = new GraphBuilder("graph");
    g.output("y", g.mul(g.input("x", [1]), 2));
    await using session = await WASM_SESSIONS.load(g.build());
    const isSame = WebAssembly.Memory === Memory && globalThis.Worker === Worker;
    console.log(JSON.stringify([pages, isSame]));
  `;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(text.trim(), "[[65535],true]", new TextDecoder().decode(stderr));
});
