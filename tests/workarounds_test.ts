import assert from "node:assert/strict";
import { GraphBuilder } from "../lib/onnx/graph/graph_builder.ts";
import { encodeModel } from "../lib/onnx/graph/encode_model.ts";
import type { Graph } from "../lib/onnx/graph/graph.ts";
import { loadOrtRuntime } from "../lib/onnx/runtime/ort_runtime.ts";
import { gpuTest } from "./support/gpu_test.ts";
import { inTemporaryFolder } from "./support/temporary_folder.ts";

// Each test fails when a workaround of ARCHITECTURE.md is needed no longer.

/** Runs a script with some permissions, and tells whether it succeeds. */
async function succeeds(script: string, permissions: readonly string[]): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-check", "--no-config", ...permissions, "-"],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  return (await child.status).success;
}

Deno.test("Deno permits no path with a comma, however it is written", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = `${folder}/a,b.txt`;
    await Deno.writeTextFile(path, "text");
    const script = `Deno.readTextFileSync(${JSON.stringify(path)})`;
    assert(await succeeds(script, [`--allow-read=${folder}`]));
    for (const comma of [",", ",,", "\\,", "%2C"]) {
      const permission = `--allow-read=${folder}/a${comma}b.txt`;
      assert(!await succeeds(script, [permission]), permission);
    }
  });
});

Deno.test("Deno writes through a symbolic link of a permitted folder", async () => {
  await inTemporaryFolder(async (root) => {
    const [folder, outside] = [`${root}/folder`, `${root}/outside`];
    await Deno.mkdir(folder);
    await Deno.mkdir(outside);
    const link = `Deno.symlinkSync(${JSON.stringify(outside)}, ${JSON.stringify(`${folder}/l`)})`;
    assert(await succeeds(link, ["--allow-all"]));
    const write = `Deno.writeTextFileSync(${JSON.stringify(`${folder}/l/x`)}, "x")`;
    const isWritten = await succeeds(write, [`--allow-read=${folder}`, `--allow-write=${folder}`]);
    assert.equal(isWritten, (await Deno.stat(`${outside}/x`).catch(() => undefined))?.isFile);
    assert(isWritten);
  });
});

gpuTest("Deno tells 10 ms late that a buffer is mapped", async ({ device }) => {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size: 4, usage });
  let shortest = Infinity;
  for (let run = 0; run < 5; run++) {
    const began = performance.now();
    await buffer.mapAsync(GPUMapMode.READ);
    shortest = Math.min(shortest, performance.now() - began);
    buffer.unmap();
  }
  buffer.destroy();
  assert(shortest > 9, `${shortest} ms`);
});

/** Tells whether onnxruntime runs each node of a graph on WebGPU, or on the CPU. */
async function runsOn(provider: "webgpu" | "wasm", graph: Graph): Promise<boolean> {
  const runtime = await loadOrtRuntime("webgpu");
  return await runtime.runExclusive(async () => {
    try {
      const session = await runtime.createSession(encodeModel(graph), {
        executionProviders: [provider],
        extra: { session: { disable_cpu_ep_fallback: provider === "webgpu" ? "1" : "0" } },
        logSeverityLevel: 4,
      });
      await session.release();
      return true;
    } catch {
      return false;
    }
  });
}

gpuTest("onnxruntime has no WebGPU kernel for Sign", async () => {
  const g = new GraphBuilder("clip");
  g.output("y", g.mul(g.input("x", [4]), 2));
  const graph = g.build();
  assert(await runsOn("webgpu", graph));
  const nodes = graph.nodes.map((node) => ({ ...node, op: "Sign", inputs: ["x"] }));
  const sign = { ...graph, nodes };
  assert.deepEqual([await runsOn("wasm", sign), await runsOn("webgpu", sign)], [true, false]);
});

gpuTest("Deno's WebGPU has no cooperative matrices", (gpu) => {
  assert.deepEqual([...gpu.device.features].filter((name) => /matrix/.test(name)), []);
});
