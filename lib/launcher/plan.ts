/**
 * The planner of the launcher: it prints, as JSON, what a command needs.
 *
 * It parses the arguments and decides on the permissions. It runs in a process that can read the
 * project and some environment variables, and can start nothing. It never opens a config file:
 * `read_config.ts` does, in a process that can read that file alone, and the settings come on
 * stdin.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { findHubLocations } from "../cli/flags/hub_permissions.ts";
import { hasSwitch, parseCommandLine } from "../cli/flags/parse_command_line.ts";
import { pagePackages } from "../studio/protocol/page_packages.ts";
import { runtimeFile } from "../onnx/runtime/runtime_file.ts";
import { shorten, visibleText } from "../text/visible_text.ts";
import { DEVELOPMENT_COMMANDS, developmentPermissions } from "./development_permissions.ts";
import { Grants } from "./grants.ts";
import type { Plan, StartPlan } from "./check_plan.ts";
import { type FileSettings, permissionsOf } from "./permissions.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/[\\/]$/, "");
const REFUSALS = ["UsageError", "ConfigError", "RefusedError", "AddressError"];

/**
 * Plans a command.
 *
 * @param args Name of the command, then its arguments.
 * @param settings Config files that were read, in the order in which an earlier plan named them;
 * undefined if none was read yet.
 */
function planCommand(
  args: readonly string[],
  settings: readonly (FileSettings | null)[] | undefined,
): Plan {
  const configs: (readonly string[])[] = [];
  const readConfig = (paths: readonly string[]) => {
    const found = settings?.[configs.length];
    configs.push(paths);
    return found ?? undefined;
  };
  let plan: Plan;
  try {
    plan = planStart(args, readConfig);
  } catch (error) {
    if (!(error instanceof Error) || !REFUSALS.includes(error.name)) throw error;
    plan = { type: "refused", ...refusalText(error, hasSwitch(args, "--json")) };
  }
  return settings === undefined && configs.length > 0 ? { type: "read", configs } : plan;
}

function planStart(
  args: readonly string[],
  readConfig: (paths: readonly string[]) => FileSettings | undefined,
): StartPlan {
  // Paths are relative to the folder of the user, not to that of the tasks.
  const cwd = variable("INIT_CWD") ?? Deno.cwd();
  const hasRuntimeFolder = Boolean(variable("XDG_RUNTIME_DIR"));
  const development = DEVELOPMENT_COMMANDS.find((name) => name === args[0]);
  if (development) {
    // The tests serve the page of the studio.
    const files = [...runtimeFiles(), ...(development === "test" ? pageFiles() : [])];
    const context = { root: ROOT, cwd, runtimeFiles: files, deno: Deno.execPath() };
    const permissions = developmentPermissions(development, args.slice(1), context);
    const isInRoot = development === "test" || development === "bench";
    const needsAdapter = !args.includes("--help");
    return {
      type: "start",
      permissions,
      cwd: isInRoot ? ROOT : cwd,
      needsAdapter,
      hasRuntimeFolder,
    };
  }
  const parsed = parseCommandLine(args);
  const needsAdapter = ["studio", "verify", "worker"].includes(parsed?.command ?? "") ||
    // Workers make the pictures of a queue.
    (parsed?.command === "generate" && parsed.flags.queue === undefined);
  // Help needs no permission.
  const permissions = parsed === undefined ? [] : permissionsOf(parsed, {
    root: ROOT,
    cwd,
    runtimeFiles: needsAdapter ? runtimeFiles() : [],
    pageFiles: parsed.command === "studio" ? pageFiles() : [],
    readConfig(paths) {
      const grants = new Grants(ROOT);
      for (const path of paths) grants.read(path);
      // Refuses a path that cannot be permitted.
      grants.toFlags();
      return readConfig(paths);
    },
    isFile,
    findHub: () => findHubLocations(variable),
  });
  return { type: "start", permissions, cwd, needsAdapter, hasRuntimeFolder };
}

/** Lists the files of packages that the page of the studio loads. */
function pageFiles(): string[] {
  return pagePackages().map(({ file }) => file);
}

/** The files of both runtimes; one of them is chosen later. */
function runtimeFiles(): string[] {
  return (["wasm", "webgpu"] as const).map(runtimeFile).filter((file) => file !== undefined);
}

/** Returns an environment variable; undefined if the planner may not read it. */
function variable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** Tells whether a file exists; false if the planner may not know. */
function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Writes an error as the program does: a line on stderr, or an event on stdout. */
function refusalText(error: Error, isJson: boolean): { out: string; error: string } {
  const hint = error.name === "UsageError" ? "; see --help" : "";
  const message = visibleText(shorten(`${error.message}${hint}`.replaceAll(/\s*\n\s*/g, " ")));
  if (!isJson) return { out: "", error: `error: ${message}\n` };
  return { out: `${JSON.stringify({ event: "error", message })}\n`, error: "" };
}

if (import.meta.main) {
  const text = await new Response(Deno.stdin.readable).text();
  const plan = planCommand(Deno.args, text === "" ? undefined : JSON.parse(text));
  const bytes = new TextEncoder().encode(JSON.stringify(plan));
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}
