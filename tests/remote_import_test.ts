import assert from "node:assert/strict";
import { extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runtimeFile } from "../lib/onnx/runtime/runtime_file.ts";
import { inTemporaryFolder } from "./support/temporary_folder.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".ts": "text/typescript; charset=utf-8",
  ".json": "application/json",
};

/** Serves the tree, as a web server with no knowledge of the project would. */
function serveTree(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "localhost", port: 0, onListen() {} }, async ({ url }) => {
    const path = decodeURIComponent(new URL(url).pathname);
    try {
      const content = await Deno.readFile(resolve(ROOT, `.${path}`));
      const type = CONTENT_TYPES[extname(path)] ?? "application/octet-stream";
      return new Response(content, { headers: { "content-type": type } });
    } catch {
      return new Response("no such file", { status: 404 });
    }
  });
}

/**
 * Runs a script in an empty folder, without config, and without permissions but to import and those
 * that are given.
 *
 * @param source Its text; `$URL` stands for the address of the tree.
 * @param permissions As flags of `deno run`; `$HOST` stands for the host of the tree.
 */
async function runScript(source: string, permissions: readonly string[] = []): Promise<string> {
  const server = serveTree();
  let result = "";
  try {
    await inTemporaryFolder(async (folder) => {
      const script = `${folder}/script.ts`;
      const host = `localhost:${server.addr.port}`;
      await Deno.writeTextFile(script, source.replaceAll("$URL", `http://${host}`));
      const args = ["run", "--quiet", "--no-config", "--no-lock", "--no-prompt", "--no-check"];
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...[...args, `--allow-import=${host}`],
          ...permissions.map((flag) => flag.replaceAll("$HOST", host)),
          script,
        ],
        cwd: folder,
        env: { NO_COLOR: "1" },
        stdin: "null",
      }).output();
      result = new TextDecoder().decode(stdout);
      assert.equal(code, 0, new TextDecoder().decode(stderr));
    });
  } finally {
    await server.shutdown();
  }
  return result;
}

Deno.test("config/mod.ts works when it is imported from a server", async () => {
  const printed = await runScript(`
    import { resolveRunConfig, writeRunConfig } from "$URL/config/mod.ts";
    const config = resolveRunConfig({ prompt: "a cat", preset: "paper" });
    console.log(config.sd.guidanceScale, writeRunConfig(config).includes("prompt: a cat"));
  `);
  assert.equal(printed, "40 true\n");
});

Deno.test("mod.ts makes a picture when it and the teacher come from a server", async () => {
  // All that a user has to permit: the server, and the one file of the runtime.
  const permissions = ["--allow-net=$HOST", `--allow-read=${runtimeFile("wasm")}`];
  const printed = await runScript(
    `
    import { createRun, distill, encodeIndexedPng, findPalette, resolveRunConfig } from "$URL/mod.ts";
    const config = resolveRunConfig({
      prompt: "a red dragon",
      generator: { imageH: 8, imageW: 8 },
      training: { steps: 1 },
      diffusion: { numReferences: 1, modelId: "$URL/tests/fixtures/goldens/tiny-sdxl", numInferenceSteps: 1, strength: 0 },
      sd: { imSize: 64 },
    });
    const palette = await findPalette("pico-8");
    await using run = await createRun(config, { palette, onNote: console.log });
    for await (const { step, isApplied } of distill(run)) console.log(step, isApplied);
    const { height, width, indices } = await run.picture();
    const png = encodeIndexedPng({ height, width }, indices, palette.colors);
    console.log(height, width, png[1] === 0x50);
    await caches.delete("smalti");
  `,
    permissions,
  );
  assert.match(printed, /^Settings for SDXL \(by its UNet\): .*\n1 true\n8 8 true\n$/);
});

Deno.test("the built-in teacher is fetched from where mod.ts comes from, and kept", async () => {
  const printed = await runScript(
    `
    import { createRun, distill, findPalette, resolveRunConfig } from "$URL/mod.ts";
    const config = resolveRunConfig({
      prompt: "a red dragon",
      training: { steps: 1 },
      diffusion: { numInferenceSteps: 1, strength: 0 },
    });
    const palette = await findPalette("pico-8");
    await using run = await createRun(config, { palette });
    for await (const { step, isApplied } of distill(run)) console.log(step, isApplied);
    const cache = await caches.open("smalti");
    const kept = await cache.match("$URL/assets/models/mini/unet/diffusion_pytorch_model.safetensors");
    console.log(kept !== undefined);
    await caches.delete("smalti");
  `,
    ["--allow-net=$HOST", `--allow-read=${runtimeFile("wasm")}`],
  );
  assert.equal(printed, "1 true\ntrue\n");
});

Deno.test("a teacher that may not be fetched is named, with the permission for it", async () => {
  const printed = await runScript(
    `
    import { createRun, ModelFolderError, resolveRunConfig } from "$URL/mod.ts";
    try {
      await using run = await createRun(resolveRunConfig({ prompt: "a cat", training: { steps: 0 } }));
    } catch (error) {
      if (!(error instanceof ModelFolderError)) throw error;
      console.log(error.message.replaceAll("$URL", ""));
    }
  `,
  );
  assert.match(
    printed,
    /^Cannot read "\/assets\/models\/mini\/.*": permission is needed, .*--allow-net=localhost:\d+\n$/,
  );
});
