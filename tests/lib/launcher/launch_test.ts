import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Starts the launcher with the permissions of its task. */
async function launch(args: readonly string[], cwd: string) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-check", "--no-prompt", "--config", `${ROOT}/deno.json`],
      ...[`--allow-run=${Deno.execPath()}`, "--allow-env", `--allow-read=${ROOT}`],
      ...[`${ROOT}/lib/launcher/launch.ts`, ...args],
    ],
    env: { INIT_CWD: cwd, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), error: decoder.decode(stderr) };
}

Deno.test("the launcher refuses in one line, with the flags to type, before it starts anything", async () => {
  await inTemporaryFolder(async (folder) => {
    const config = `${folder}/a.yaml`;
    await Deno.writeTextFile(config, 'runtime: native\nimage: "/etc/\\e[2Jpasswd"\n');
    const message =
      `Cannot permit what "${config}" asks for unless it is typed; if you trust the ` +
      'file, add --input-image "/etc/\\u001b[2Jpasswd" --runtime "native"';
    assert.deepEqual(await launch(["generate", "--config", "a.yaml"], folder), {
      ...{ code: 2, out: "", error: `error: ${message}\n` },
    });
    const json = await launch(["generate", "--config", "a.yaml", "--json"], folder);
    assert.equal(json.code, 2);
    const event = JSON.parse(json.out);
    assert.equal(event.event, "error");
    assert.equal(event.message, message.replace("\\u001b", "\x1b"));
    assert.deepEqual(await launch(["generate", "--promt", "a cat"], folder), {
      code: 2,
      out: "",
      error: 'error: Cannot read the command line: unknown option "--promt"; did you mean ' +
        "--prompt?; see --help\n",
    });
  });
});

Deno.test("the launcher starts a command with its arguments and permissions", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/p.hex`, "000000\nffffff\n");
    const { code, out, error } = await launch(["palettes", "p.hex", "--sort", "hue"], folder);
    assert.deepEqual([code, error], [0, ""]);
    assert.match(out, /^p {2}2 colors\n/);
    assert((await Deno.stat(`${folder}/workdir/palettes.png`)).isFile);
    const help = await launch(["palettes", "--help"], folder);
    assert.equal(help.code, 0);
    assert.match(help.out, /^Usage: deno task palettes/);
  });
});
