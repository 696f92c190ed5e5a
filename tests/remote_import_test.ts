import assert from "node:assert/strict";
import { extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
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
 * Runs a script in an empty folder, without config and without permissions but to import.
 *
 * @param source Its text; `$URL` stands for the address of the tree.
 */
async function runScript(source: string): Promise<string> {
  const server = serveTree();
  let result = "";
  try {
    await inTemporaryFolder(async (folder) => {
      const script = `${folder}/script.ts`;
      const host = `localhost:${server.addr.port}`;
      await Deno.writeTextFile(script, source.replaceAll("$URL", `http://${host}`));
      const args = ["run", "--quiet", "--no-config", "--no-lock", "--no-prompt", "--no-check"];
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [...args, `--allow-import=${host}`, script],
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
