/**
 * The launcher: it starts a command with the permissions that its arguments need.
 *
 * It is the security boundary of the command line. It may run Deno, which can do anything, so it is
 * small: it parses nothing, opens nothing, and starts fixed programs only. `plan.ts` parses the
 * arguments and decides on the permissions, `read_config.ts` reads config files, and
 * `find_adapter.ts` looks for a WebGPU adapter. Each of them is a process with few permissions that
 * can start nothing, but for apt-get in the last one, which gets none of the user's words. What
 * `plan.ts` says is checked before it is granted.
 *
 * @module
 */
import { checkPermissions, type Plan, PLANNER_VARIABLES } from "./check_plan.ts";
import { runChild } from "./run_child.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname)
  // "/C:/smalti/" is a path of Windows.
  .replace(/^\/(?=[A-Za-z]:)/, "").replace(/\/$/, "");
const CONFIG = ["--config", `${ROOT}/deno.json`];
const START = ["run", "--quiet", "--no-check", "--no-prompt", ...CONFIG];

/** Commands for developers, as arguments of Deno; any other command is one of `cli.ts`. */
const DEVELOPMENT: Readonly<Record<string, readonly [readonly string[], string?]>> = {
  // Types are checked by `deno task ok`.
  "test": [["test", ...CONFIG, "--no-check", "--parallel"]],
  "bench": [["bench", ...CONFIG]],
  "bench-recipes": [["run", ...CONFIG], `${ROOT}/tests/bench/recipes/bench_recipes.ts`],
  "bench-steps": [["run", ...CONFIG], `${ROOT}/tests/bench/step_bench.ts`],
  "bench-queue": [["run", ...CONFIG], `${ROOT}/tests/bench/queue/bench_queue.ts`],
};

/** The exit code of `find_adapter.ts` after an install: drivers are loaded only once. */
const INSTALLED = 3;
/** Stands in for the user's folder of sockets, which our programs do not use. */
const RUNTIME_FOLDER = { XDG_RUNTIME_DIR: "/tmp" };

/**
 * Runs a command with the permissions that it needs, after looking for a WebGPU adapter.
 *
 * @param args Name of the command, then its arguments.
 * @returns The exit code: that of the command, 1 without an adapter, 2 for wrong arguments.
 */
async function launch(args: readonly string[]): Promise<number> {
  let plan = await planCommand(args, "");
  if (plan.type === "read") {
    const settings = await Promise.all(plan.configs.map(readConfig));
    plan = await planCommand(args, `[${settings.join()}]`);
  }
  if (plan.type === "refused") {
    await Deno.stdout.write(new TextEncoder().encode(plan.out));
    await Deno.stderr.write(new TextEncoder().encode(plan.error));
    return 2;
  }
  if (plan.type === "read") throw new TypeError("Cannot plan the command: a config is read twice");
  checkPermissions(plan.permissions, args, Deno.execPath());
  if (plan.needsAdapter) {
    const code = await findAdapter(args.includes("--json"));
    if (code !== 0) return code;
  }
  const isDevelopment = Object.hasOwn(DEVELOPMENT, args[0] ?? "");
  const [start, program] = isDevelopment
    ? DEVELOPMENT[args[0]!]!
    : [["run", ...CONFIG], `${ROOT}/cli.ts`] as const;
  const rest = isDevelopment ? args.slice(1) : args;
  const programs = program === undefined ? [] : [program];
  const command = [...start, "--no-prompt", ...plan.permissions, ...programs, ...rest];
  // The networks compute on the thread that gets the signals.
  const waits = /^(generate|worker|studio)$/.test(args[0]!);
  const waiting = "waiting for the end of a teacher call; Ctrl-C again ends it now";
  try {
    return await runChild(
      command,
      plan.cwd,
      { ...waits ? { waiting } : {}, env: plan.hasRuntimeFolder ? {} : RUNTIME_FOLDER },
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const found = "there is no such folder; INIT_CWD names it";
    const text = `error: Cannot run in ${JSON.stringify(plan.cwd)}: ${found}\n`;
    await Deno.stderr.write(new TextEncoder().encode(text));
    return 1;
  }
}

/** Asks the planner. Its errors are on stderr. */
async function planCommand(args: readonly string[], settings: string): Promise<Plan> {
  const permissions = ["--allow-read=.", `--allow-env=${PLANNER_VARIABLES}`];
  const command = [...START, ...permissions, `${ROOT}/lib/launcher/plan.ts`, ...args];
  const text = await outputOf(command, settings);
  if (text === undefined) Deno.exit(1);
  return JSON.parse(text);
}

/** Reads the first config file that exists, as JSON, in a process that may read these alone. */
async function readConfig(paths: readonly string[]): Promise<string> {
  const permissions = [`--allow-read=${paths}`];
  checkPermissions(permissions, [], "");
  const command = [...START, ...permissions, `${ROOT}/lib/launcher/read_config.ts`, ...paths];
  return await outputOf(command, "") ?? "null";
}

/** Looks for an adapter, or installs a driver; it prints what it does. */
async function findAdapter(isJson: boolean): Promise<number> {
  const permissions = [
    ...["--allow-run=/usr/bin/apt-get", "--allow-sys=uid", "--allow-read=/etc/os-release"],
    "--allow-env=XDG_RUNTIME_DIR",
  ];
  const command = [...START, ...permissions, `${ROOT}/lib/launcher/find_adapter.ts`];
  const flags = isJson ? ["--json"] : [];
  const code = await runChild([...command, ...flags], ROOT);
  return code === INSTALLED ? await runChild([...command, ...flags, "--installed"], ROOT) : code;
}

/** Runs Deno in the project's folder; returns its stdout, or undefined if it failed. */
async function outputOf(args: readonly string[], input: string): Promise<string | undefined> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout } = await child.output();
  return code === 0 ? new TextDecoder().decode(stdout) : undefined;
}

/** Says which variable keeps Deno from starting a program; any other error is thrown. */
async function explain(error: unknown): Promise<number> {
  // Variables such as LD_PRELOAD load machine code. Deno passes none on without all of --allow-run.
  // The task `launch` unsets the usual ones.
  const name = error instanceof Deno.errors.NotCapable
    ? /\b(?:LD|DYLD)_\w+/.exec(error.message)?.[0]
    : undefined;
  if (name === undefined) throw error;
  const text = `error: Cannot start while the environment variable ${name} is set: unset it\n`;
  await Deno.stderr.write(new TextEncoder().encode(text));
  return 1;
}

if (import.meta.main) Deno.exit(await launch(Deno.args).catch(explain));
