/**
 * The launcher: it reads the arguments, grants the permissions that they need, and starts Deno.
 *
 * It is the security boundary of the command line. It may run Deno, which can do anything, and
 * apt-get, which installs a Vulkan driver for root where there is none. So it decides by arguments
 * and environment alone. It opens no file but /etc/os-release; a config file is read by
 * `read_config.ts`, in a process that may read that file and nothing else, and its values can only
 * name inputs nearby. What it starts has `--no-prompt` and the permissions of `permissions.ts`.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { findHubLocations } from "../cli/flags/hub_permissions.ts";
import { hasSwitch, parseCommandLine } from "../cli/flags/parse_command_line.ts";
import { runtimeFile } from "../onnx/runtime/runtime_file.ts";
import { Machine } from "./adapter_host.ts";
import {
  DEVELOPMENT_COMMANDS,
  type DevelopmentCommand,
  developmentPermissions,
} from "./development_permissions.ts";
import { AdapterError, ensureAdapter } from "./ensure_adapter.ts";
import { Grants } from "./grants.ts";
import { type FileSettings, permissionsOf } from "./permissions.ts";
import { runChild } from "./run_child.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/[\\/]$/, "");
const CONFIG = ["--config", `${ROOT}/deno.json`];

/** A process of Deno to start. */
interface Launch {
  /** Arguments of Deno. */
  readonly args: readonly string[];
  /** Folder in which it runs. */
  readonly cwd: string;
  /** Whether it computes on a GPU. */
  readonly needsAdapter: boolean;
}

/**
 * Runs a command with the permissions that it needs, after looking for a WebGPU adapter.
 *
 * @param args Name of the command, then its arguments.
 * @returns The exit code: that of the command, 1 without an adapter, 2 for wrong arguments.
 */
async function launch(args: readonly string[]): Promise<number> {
  const machine = new Machine();
  // Paths are relative to the folder of the user, not to that of the tasks.
  const cwd = machine.variable("INIT_CWD") ?? Deno.cwd();
  let plan: Launch;
  try {
    plan = planLaunch(args, cwd, machine);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!["UsageError", "ConfigError", "RefusedError"].includes(error.name)) throw error;
    const hint = error.name === "UsageError" ? "; see --help" : "";
    machine.sayError(`${error.message}${hint}`, hasSwitch(args, "--json"));
    return 2;
  }
  try {
    if (plan.needsAdapter) await ensureAdapter(machine);
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    machine.sayError(error.message, hasSwitch(args, "--json"));
    return 1;
  }
  return await runChild(plan.args, plan.cwd);
}

function planLaunch(args: readonly string[], cwd: string, machine: Machine): Launch {
  const development = DEVELOPMENT_COMMANDS.find((name) => name === args[0]);
  if (development) return planDevelopment(development, args.slice(1), cwd);
  const parsed = parseCommandLine(args);
  const needsAdapter = parsed?.command === "generate" || parsed?.command === "verify";
  // Help needs no permission.
  const permissions = parsed === undefined ? [] : permissionsOf(parsed, {
    root: ROOT,
    cwd,
    runtimeFiles: needsAdapter ? runtimeFiles() : [],
    readConfig,
    isFile: (path) => machine.isFile(path),
    findHub: () => findHubLocations((name) => machine.variable(name)),
  });
  const program = ["run", ...CONFIG, "--no-prompt", ...permissions, `${ROOT}/cli.ts`];
  return { args: [...program, ...args], cwd, needsAdapter };
}

/** Plans a program of the project's own tests. */
function planDevelopment(command: DevelopmentCommand, args: readonly string[], cwd: string) {
  const context = { root: ROOT, cwd, runtimeFiles: runtimeFiles(), deno: Deno.execPath() };
  const flags = ["--no-prompt", ...developmentPermissions(command, args, context)];
  const needsAdapter = !args.includes("--help");
  const start = {
    // Types are checked by `deno task ok`.
    "test": ["test", ...CONFIG, "--no-check", "--parallel", ...flags],
    "bench": ["bench", ...CONFIG, ...flags],
    "bench-recipes": ["run", ...CONFIG, ...flags, `${ROOT}/tests/bench/recipes/bench_recipes.ts`],
    "bench-steps": ["run", ...CONFIG, ...flags, `${ROOT}/tests/bench/step_bench.ts`],
  }[command];
  const isInRoot = command === "test" || command === "bench";
  return { args: [...start, ...args], cwd: isInRoot ? ROOT : cwd, needsAdapter };
}

/** The files of both runtimes; one of them is chosen later. */
function runtimeFiles(): string[] {
  return (["wasm", "webgpu"] as const).map(runtimeFile).filter((file) => file !== undefined);
}

/** Reads a config file in a process that may read it and nothing else. */
function readConfig(paths: readonly string[]): FileSettings | undefined {
  const grants = new Grants(ROOT);
  for (const path of paths) grants.read(path);
  const program = `${ROOT}/lib/launcher/read_config.ts`;
  const { code, stdout } = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-check", "--no-prompt", ...CONFIG],
      ...[...grants.toFlags(), program, ...paths],
    ],
    stdin: "null",
    stderr: "null",
  }).outputSync();
  if (code !== 0) return undefined;
  return JSON.parse(new TextDecoder().decode(stdout)) ?? undefined;
}

if (import.meta.main) Deno.exit(await launch(Deno.args));
