import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { permissiblePath } from "../../../lib/launcher/permissions.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const PROGRAM = fileURLToPath(new URL("../../../lib/launcher/print_file.ts", import.meta.url));

Deno.test("print_file prints a file whole under the permission that its path can have", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = `${folder}/a, b.yaml`;
    const text = `prompt: "ünïcode 🐉"\n${"# long\n".repeat(30_000)}`;
    await Deno.writeTextFile(path, text);
    const permission = `--allow-read=${permissiblePath(path)}`;
    assert.equal(permission, `--allow-read=${folder}`);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--no-config", permission, PROGRAM, path],
      stdin: "null",
    }).output();
    assert.equal(code, 0);
    assert.equal(new TextDecoder().decode(stdout), text);
  });
});
