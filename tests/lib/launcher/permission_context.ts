import assert from "node:assert/strict";
import { parseCommandLine } from "../../../lib/cli/flags/parse_command_line.ts";
import { type PermissionContext, permissionsOf } from "../../../lib/launcher/permissions.ts";

/** Config files by path. */
const CONFIGS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "/home/my.yaml": { "image": "in/cat: 1.png", "output": "out", "generator.palette": "p.hex" },
};

/** Returns a context in which some config files and other files exist. */
export function context(
  { configs = CONFIGS, files = [], ...part }: Partial<PermissionContext> & {
    readonly configs?: typeof CONFIGS;
    readonly files?: readonly string[];
  } = {},
): PermissionContext {
  return {
    root: "/project",
    cwd: "/home",
    runtimeFiles: ["/cache/ort.wasm"],
    isFile: (path) => files.includes(path),
    findHub: () => undefined,
    readConfig(paths) {
      const path = paths.find((path) => path in configs);
      return path === undefined ? undefined : { path, settings: configs[path]! };
    },
    ...part,
  };
}

/** A context with one config file. */
export const CONTEXT = context();
/** The same for commands without networks. */
export const WITHOUT_RUNTIME = context({ runtimeFiles: [] });
/** Permission of each command. */
export const TERMINAL = "--allow-env=COLORTERM,TERM";

/** Returns the permissions of a command line. */
export function permit(command: string, args: readonly string[], given = CONTEXT): string[] {
  return permissionsOf(parseCommandLine([command, ...args])!, given);
}

/** Lists the paths that may be read. */
export function readsOf(permissions: readonly string[]): Set<string> {
  const [first = ""] = permissions;
  assert(first.startsWith("--allow-read="), first);
  return new Set(first.slice("--allow-read=".length).split(","));
}

/** Checks permissions; paths that are read may stand in any order. */
export function assertPermissions(
  found: readonly string[],
  reads: readonly string[],
  rest: string[],
) {
  assert.deepEqual(readsOf(found), new Set(reads));
  assert.deepEqual(found.slice(1), rest);
}

/** Paths that commands with networks read. */
export const PROJECT: readonly string[] = ["/project", "/cache/ort.wasm"];
