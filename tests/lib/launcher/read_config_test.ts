import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { makePipe } from "../../support/make_pipe.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Reads configs with the permission for some files only. */
async function read(paths: readonly string[], allowed = paths) {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-check", "--no-prompt", "--config", `${ROOT}/deno.json`],
      ...[`--allow-read=${allowed.join(",")}`, `${ROOT}/lib/launcher/read_config.ts`, ...paths],
    ],
    stdin: "null",
  }).output();
  assert.equal(code, 0);
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("read_config prints the settings of the first file that exists", async () => {
  await inTemporaryFolder(async (folder) => {
    const [missing, path] = [`${folder}/none.yaml`, `${folder}/a.yaml`];
    const text = `prompt: "ünïcode 🐉"\ngenerator:\n  palette: p.hex\n${"# long\n".repeat(30_000)}`;
    await Deno.writeTextFile(path, text);
    const settings = { "prompt": "ünïcode 🐉", "generator.palette": "p.hex" };
    assert.deepEqual(await read([missing, path]), { path, settings });
    assert.equal(await read([missing]), null);
    assert.equal(await read([path], [missing]), null);
    // The command itself says what is wrong with a file.
    await Deno.writeTextFile(path, "promt: a cat\n");
    assert.deepEqual(await read([path]), { path, settings: {} });
  });
});

Deno.test("read_config leaves pipes, devices and huge files to the command", async () => {
  if (Deno.build.os === "windows") return;
  await inTemporaryFolder(async (folder) => {
    const [pipe, huge] = [`${folder}/pipe.yaml`, `${folder}/huge.yaml`];
    await makePipe(pipe);
    await Deno.writeTextFile(huge, "");
    await Deno.truncate(huge, 2 ** 40);
    assert.equal(await read([pipe, huge, "/dev/zero"]), null);
  });
});
