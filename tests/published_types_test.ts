import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import deno from "../deno.json" with { type: "json" };
import { inTemporaryFolder } from "./support/temporary_folder.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replaceAll("\\", "/");

Deno.test("the published modules type-check in a project with Deno's default options", async () => {
  await inTemporaryFolder(async (folder) => {
    const script = `${folder}/script.ts`;
    const imports = Object.values(deno.exports).map((path) =>
      `import ${JSON.stringify(`${ROOT}${path.replace("./", "")}`)};`
    );
    await Deno.writeTextFile(
      script,
      `${imports.join("\n")}
import { findPalette } from ${JSON.stringify(`${ROOT}mod.ts`)};
export const size: number = (await findPalette("sweetie-16")).size;
`,
    );
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--no-config", `--lock=${ROOT}deno.lock`, script],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  });
});
