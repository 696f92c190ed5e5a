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
      code: 2,
      out: "",
      error: `error: ${message}\n`,
    });
    const json = await launch(["generate", "--config", "a.yaml", "--json"], folder);
    assert.equal(json.code, 2);
    assert.deepEqual(JSON.parse(json.out), { event: "error", message });
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

/** Modules that run in the launcher, with its permissions. */
const ALLOWED = [
  /^lib\/launcher\//,
  /^lib\/cli\/flags\//,
  /^config\//,
  /^lib\/text\//,
  /^lib\/patches\/empty_environment\.ts$/,
  /^lib\/hub\/(model_ids|settings|hub_error)\.ts$/,
  /^lib\/lora\/lora_names\.ts$/,
  /^lib\/single_file\/files_beside\.ts$/,
  /^lib\/onnx\/runtime\/runtime_file\.ts$/,
];

interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly { readonly code?: { readonly specifier?: string } }[];
}

Deno.test("the launcher runs no code but its own and what parses arguments", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", `${ROOT}/lib/launcher/launch.ts`],
  }).output();
  const { roots, modules } = JSON.parse(new TextDecoder().decode(stdout));
  const byName = new Map<string, ModuleInfo>(
    modules.map((module: ModuleInfo) => [module.specifier, module]),
  );
  const seen = new Set<string>(roots);
  for (const name of seen) {
    for (const { code } of byName.get(name)?.dependencies ?? []) {
      if (code?.specifier !== undefined) seen.add(code.specifier);
    }
  }
  const root = new URL("../../../", import.meta.url).href;
  const own = [...seen].filter((name) => name.startsWith(root)).map((name) =>
    name.slice(root.length)
  );
  assert(own.includes("lib/launcher/permissions.ts"));
  assert.deepEqual(own.filter((path) => !ALLOWED.some((allowed) => allowed.test(path))), []);
  const packages = [...seen].filter((name) => name.startsWith("npm:"));
  assert.deepEqual(packages.map((name) => name.replace(/@[\d.]+$/, "")).sort(), [
    "npm:@commander-js/extra-typings",
    "npm:yaml",
  ]);
});
