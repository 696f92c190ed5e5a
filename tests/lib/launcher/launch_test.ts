import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Runs a task from a folder of the user, `initial`. */
async function launch(args: readonly string[], initial: string, cwd = initial) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--config", `${ROOT}/deno.json`, ...args],
    // The task that runs the tests has set it.
    env: { NO_COLOR: "1", INIT_CWD: initial },
    cwd,
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

Deno.test("the launcher says that the folder of the user is gone", async () => {
  const { code, out, error } = await launch(["palettes", "--help"], "/none", ROOT);
  assert.deepEqual([code, out], [1, ""]);
  assert.equal(
    error,
    'error: Cannot run in "/none": there is no such folder; INIT_CWD names it\n',
  );
});

/** Modules that run in the planner: they parse arguments, and can start nothing. */
const PLANNER = [
  /^lib\/launcher\//,
  /^lib\/cli\/flags\//,
  /^config\//,
  /^lib\/text\//,
  /^lib\/patches\/empty_environment\.ts$/,
  /^lib\/hub\/(model_ids|settings|hub_error)\.ts$/,
  /^lib\/lora\/lora_names\.ts$/,
  /^lib\/single_file\/files_beside\.ts$/,
  /^lib\/onnx\/runtime\/runtime_file\.ts$/,
  /^lib\/craft\/craft\.ts$/,
  /^lib\/studio\/protocol\/page_packages\.ts$/,
  /^lib\/queue\/(bucket_address|queue_error|server_address)\.ts$/,
];

interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly { readonly code?: { readonly specifier?: string } }[];
}

/** Lists the modules that a program loads: its own files, and packages. */
async function modulesOf(program: string): Promise<{ own: string[]; packages: string[] }> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", `${ROOT}/${program}`],
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
  const own = [...seen].filter((name) => name.startsWith(root));
  const packages = [...seen].filter((name) => name.startsWith("npm:"));
  return {
    own: own.map((name) => name.slice(root.length)).sort(),
    packages: packages.map((name) => name.replace(/@[\d.]+$/, "")).sort(),
  };
}

Deno.test("what may run Deno parses nothing, and what parses arguments may run nothing", async () => {
  const launcher = await modulesOf("lib/launcher/launch.ts");
  assert.deepEqual(launcher, {
    own: ["check_plan", "launch", "run_child"].map((name) => `lib/launcher/${name}.ts`),
    packages: [],
  });
  const { own, packages } = await modulesOf("lib/launcher/plan.ts");
  assert(own.includes("lib/launcher/permissions.ts"));
  assert.deepEqual(own.filter((path) => !PLANNER.some((allowed) => allowed.test(path))), []);
  assert.deepEqual(packages, ["npm:@commander-js/extra-typings", "npm:yaml"]);
  const adapter = await modulesOf("lib/launcher/find_adapter.ts");
  assert.deepEqual(adapter, {
    own: [
      ...["adapter_host", "ensure_adapter", "find_adapter"].map((name) =>
        `lib/launcher/${name}.ts`
      ),
      "lib/text/visible_text.ts",
    ],
    packages: [],
  });
});

Deno.test("the launcher gets the right to run Deno, and no other", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
  assert.equal(
    tasks.launch.command,
    "unset LD_AUDIT LD_LIBRARY_PATH LD_PRELOAD LD_RUN_PATH DYLD_FALLBACK_LIBRARY_PATH " +
      "DYLD_FRAMEWORK_PATH DYLD_INSERT_LIBRARIES DYLD_LIBRARY_PATH && " +
      `deno run --no-prompt "--allow-run=$(deno eval 'console.log(Deno.execPath())')" ` +
      "lib/launcher/launch.ts",
  );
});

/** Runs `palettes --help` with a variable, which the shell of tasks may set and a test may not. */
async function runWith(variable: string): Promise<{ code: number; errors: string }> {
  let ended = { code: -1, errors: "" };
  await inTemporaryFolder(async (folder) => {
    const command = `${variable}=/nowhere deno task --config ${ROOT}/deno.json palettes --help`;
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ tasks: { try: command } }));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "try"],
      env: { NO_COLOR: "1" },
      cwd: folder,
      stdout: "null",
    }).output();
    ended = { code, errors: new TextDecoder().decode(stderr) };
  });
  return ended;
}

Deno.test("tasks run where LD_LIBRARY_PATH is set, as it often is beside CUDA", async () => {
  const { code, errors } = await runWith("LD_LIBRARY_PATH");
  assert.equal(code, 0, errors);
});

Deno.test("a variable that Deno does not pass on is named", async () => {
  const { code, errors } = await runWith("LD_DEBUG_OUTPUT");
  assert.equal(code, 1);
  assert.match(
    errors,
    /^error: Cannot start while the environment variable LD_DEBUG_OUTPUT is set: unset it$/m,
  );
});

Deno.test("a program named deno in the user's path is not started", async () => {
  if (Deno.build.os === "windows") return;
  await inTemporaryFolder(async (folder) => {
    const trap = `#!/bin/sh\ntouch ${folder}/trapped\n`;
    await Deno.writeTextFile(`${folder}/deno`, trap, { mode: 0o755 });
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "--config", `${ROOT}/deno.json`, "palettes", "--help"],
      env: { PATH: `${folder}:/usr/bin:/bin` },
      cwd: folder,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    assert.equal(code, 0);
    await assert.rejects(Deno.stat(`${folder}/trapped`), Deno.errors.NotFound);
  });
});

Deno.test("signs of the shell in arguments stay text", async () => {
  await inTemporaryFolder(async (folder) => {
    for (
      const text of [
        "$(touch t)",
        "`touch t`",
        "'; touch t; '",
        '"; touch t; "',
        "a\ntouch t",
        "\\'",
      ]
    ) {
      const { code, error } = await launch(["palettes", text], folder);
      // A text with a backslash is a path.
      assert.equal(code, text.includes("\\") ? 1 : 2);
      const shown = text.replace("\n", " ");
      assert(error.startsWith(`error: Cannot find palette "${shown}": `), error);
      assert.deepEqual(Array.from(Deno.readDirSync(folder)), []);
    }
  });
});
