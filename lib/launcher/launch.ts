import { fileURLToPath } from "node:url";
import { MACHINE } from "../hub/machine.ts";
import { Machine } from "./adapter_host.ts";
import { AdapterError, ensureAdapter } from "./ensure_adapter.ts";
import { findHubLocations } from "../cli/flags/hub_permissions.ts";
import { type Command, permissiblePath, permissionsOf } from "./permissions.ts";
import { runChild } from "./run_child.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/[\\/]$/, "");
const COMMANDS: readonly Command[] = [
  "generate",
  "layers",
  "video",
  "palettes",
  "verify",
  "random-teacher",
  "bench-recipes",
  "bench-steps",
  "test",
  "bench",
];
/** Commands that are programs of their own, in place of a command of `cli.ts`. */
const PROGRAMS: Partial<Readonly<Record<Command, string>>> = {
  "bench-recipes": "tests/bench/recipes/bench_recipes.ts",
  "bench-steps": "tests/bench/step_bench.ts",
};
/** Commands that compute nothing on a GPU. */
const PLAIN: readonly Command[] = ["layers", "video", "palettes", "random-teacher"];

/**
 * Runs a command with the permissions that it needs, after looking for a WebGPU adapter.
 *
 * @param args Name of the command, then its arguments.
 * @returns The exit code.
 */
async function launch(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args as [Command, ...string[]];
  const machine = new Machine();
  if (!COMMANDS.includes(command)) {
    machine.say(`Cannot launch "${command ?? ""}": expected one of ${COMMANDS.join(", ")}`);
    return 2;
  }
  const isHelp = rest.some((argument) => argument === "--help" || argument === "-h");
  const needsAdapter = !PLAIN.includes(command) && !isHelp;
  try {
    if (needsAdapter) await ensureAdapter(machine);
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    machine.say(error.message);
    return 1;
  }
  // Paths are relative to the folder where the user is, not to that of the tasks.
  const cwd = Deno.env.get("INIT_CWD") ?? Deno.cwd();
  const permissions = permissionsOf(command, rest, {
    root: ROOT,
    cwd,
    runtimeFiles: needsAdapter ? await runtimeFiles() : [],
    deno: Deno.execPath(),
    readText,
    findHub: () => findHubLocations((name) => MACHINE.variable(name)),
  });
  const isOurs = command === "test" || command === "bench";
  return await runChild([...programOf(command, permissions), ...rest], isOurs ? ROOT : cwd);
}

/** The program of a command, as arguments of Deno. */
function programOf(command: Command, permissions: readonly string[]): string[] {
  const flags = ["--no-prompt", ...permissions];
  const config = ["--config", `${ROOT}/deno.json`];
  // Types are checked by `deno task ok`.
  if (command === "test") return ["test", ...config, "--no-check", "--parallel", ...flags];
  if (command === "bench") return ["bench", ...config, ...flags];
  const program = PROGRAMS[command];
  if (program !== undefined) return ["run", ...config, ...flags, `${ROOT}/${program}`];
  return ["run", ...config, ...flags, `${ROOT}/cli.ts`, command];
}

/** The files of both runtimes: which of them runs is chosen later. */
async function runtimeFiles(): Promise<string[]> {
  const { runtimeFile } = await import("../onnx/runtime/ort_runtime.ts");
  return (["wasm", "webgpu"] as const).map(runtimeFile).filter((file) => file !== undefined);
}

/** Reads a config, wherever the user has it; undefined if it cannot be read. */
function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    // The command itself says what is wrong with a file that cannot be read.
    return error instanceof Deno.errors.NotCapable ? readOutside(path) : undefined;
  }
}

/** Reads a file outside of the project, by a program that may read nothing else. */
function readOutside(path: string): string | undefined {
  const permission = `--allow-read=${permissiblePath(path)}`;
  const program = `${ROOT}/lib/launcher/print_file.ts`;
  const { code, stdout } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-config", permission, program, path],
    stdin: "null",
    stderr: "null",
  }).outputSync();
  return code === 0 ? new TextDecoder().decode(stdout) : undefined;
}

if (import.meta.main) Deno.exit(await launch(Deno.args));
