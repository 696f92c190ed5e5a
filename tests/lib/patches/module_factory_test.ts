import assert from "node:assert/strict";
import createModule, {
  type ModuleConfig,
  wrapFactory,
} from "../../../lib/patches/module_factory.ts";
import { GraphBuilder } from "../../../lib/onnx/graph/graph_builder.ts";
import { WASM_SESSIONS } from "../onnx/run_graph.ts";

const { Memory } = WebAssembly;
const { Worker } = globalThis;
/** The memory of onnxruntime. */
const ORT_MEMORY = { initial: 256, maximum: 65_536, shared: true };

/** Tells whether the globals are those of Deno. */
function areGlobalsOriginal(): boolean {
  return WebAssembly.Memory === Memory && globalThis.Worker === Worker;
}

Deno.test("createModule() replaces globals only while the module is created synchronously", async () => {
  const seen: [string, boolean][] = [];
  const see = (when: string) => seen.push([when, areGlobalsOriginal()]);
  wrapFactory("file:///fake.wasm", async (config) => {
    see("start");
    await Promise.resolve();
    globalThis.Worker = class extends Worker {};
    config.mountExternalData = "set";
    see("first function");
    new WebAssembly.Memory(ORT_MEMORY);
    see("memory");
    config.mountExternalData = `${config.mountExternalData} again`;
    await Promise.resolve();
    see("end");
    return config.mountExternalData;
  });
  const config: ModuleConfig = { locateFile: () => "file:///fake.wasm" };
  assert.equal(await createModule(config), "set again");
  assert.deepEqual(seen, [
    ["start", true],
    ["first function", false],
    ["memory", true],
    ["end", true],
  ]);
});

Deno.test("createModule() restores globals if the module cannot be created", async () => {
  wrapFactory("file:///failing.wasm", (config) => {
    config.mountExternalData = "set";
    throw new TypeError("no module");
  });
  const failing = createModule({ locateFile: () => "file:///failing.wasm" });
  await assert.rejects(failing, { message: "no module" });
  assert(areGlobalsOriginal());
  await assert.rejects(createModule({ locateFile: () => "file:///unknown.wasm" }), {
    message: "Cannot start onnxruntime: expected a build that was registered",
  });
});

Deno.test("a load leaves the globals as they were, even if it fails", async () => {
  const g = new GraphBuilder("graph");
  g.output("y", g.mul(g.input("x", [1]), 2));
  const graph = g.build();
  await using _ = await WASM_SESSIONS.load(graph);
  assert(areGlobalsOriginal());
  const nodes = graph.nodes.map((node) => ({ ...node, op: "NoSuchOperator" }));
  await assert.rejects(WASM_SESSIONS.load({ ...graph, nodes }));
  assert(areGlobalsOriginal());
});

/** Runs a program, and returns what it prints as JSON. */
async function printedBy(code: string): Promise<unknown> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.notEqual(text, "", new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

/** Code that notes the pages of memories that are created, and makes a model. */
const PREPARE = `
  import { GraphBuilder } from "${import.meta.resolve("../../../lib/onnx/graph/graph_builder.ts")}";
  import { encodeModel } from "${import.meta.resolve("../../../lib/onnx/graph/encode_model.ts")}";
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
  const model = encodeModel(g.build());
`;

for (const runtime of ["wasm", "webgpu"] as const) {
  Deno.test(`onnxruntime gets its whole memory, and no other code sees it: ${runtime}`, async () => {
    // A separate program: in this one, another test may have loaded onnxruntime. A session of
    // WebGPU needs an adapter; its module is created without one.
    const printed = await printedBy(`
      ${PREPARE}
      import { loadOrtRuntime } from "${
      import.meta.resolve("../../../lib/onnx/runtime/ort_runtime.ts")
    }";
      let [looks, changed, isDone] = [0, 0, false];
      const look = () => {
        looks++;
        if (WebAssembly.Memory !== Memory || globalThis.Worker !== Worker) changed++;
        if (!isDone) setTimeout(() => queueMicrotask(look), 0);
      };
      look();
      const ort = await loadOrtRuntime("${runtime}");
      await ort.createSession(model, { executionProviders: ["wasm"] });
      isDone = true;
      console.log(JSON.stringify([pages, changed, looks > 3]));
      Deno.exit();
    `);
    assert.deepEqual(printed, [[65_535], 0, true]);
  });
}

Deno.test("onnxruntime alone creates a small memory and replaces Worker; if not, this can go", async () => {
  const printed = await printedBy(`
    ${PREPARE}
    import * as ort from "npm:onnxruntime-web@1.30.0";
    await ort.InferenceSession.create(model);
    console.log(JSON.stringify([pages, globalThis.Worker !== Worker]));
    Deno.exit();
  `);
  assert.deepEqual(printed, [[256], true]);
});
