import { CLIENT_VARIABLES } from "../queue/server_address.ts";
import { BenchFlags } from "./bench_flags.ts";
import { Grants } from "./grants.ts";
import type { PermissionContext } from "./permissions.ts";

/** Commands for developers of the project: programs below `tests`. */
export const DEVELOPMENT_COMMANDS = [
  "test",
  "bench",
  "bench-recipes",
  "bench-steps",
  "bench-queue",
] as const;

/** Name of such a command. */
export type DevelopmentCommand = typeof DEVELOPMENT_COMMANDS[number];

/**
 * Lists the permissions of a command for development, as flags of Deno.
 *
 * Tests may start Deno, which is any permission: they are the project's own code.
 *
 * @param deno Path of the Deno that runs.
 * @throws {UsageError} If a flag of a benchmark is wrong.
 * @throws {RefusedError} If a path or host cannot be permitted alone.
 */
export function developmentPermissions(
  command: DevelopmentCommand,
  args: readonly string[],
  { root, cwd, runtimeFiles, deno }:
    & Pick<PermissionContext, "root" | "cwd" | "runtimeFiles">
    & { readonly deno: string },
): string[] {
  const grants = new Grants(cwd);
  grants.read(root);
  for (const file of runtimeFiles) grants.read(file);
  if (command === "test" || command === "bench") {
    grants.writeOnly(`${root}/workdir`);
    // `deno task test -u` writes snapshots.
    if (args.includes("-u")) grants.writeOnly(`${root}/tests`);
    for (const host of ["localhost", "127.0.0.1", "0.0.0.0"]) grants.net(host);
    // The clients of a queue's server read them.
    grants.env(...CLIENT_VARIABLES);
    grants.run(deno);
    return grants.toFlags();
  }
  const flags = new BenchFlags(command, args);
  for (const path of flags.paths("read")) grants.readNamed(path);
  if (flags.get("--runtime") === "native") grants.allowNative();
  grants.write(flags.get("--output")!);
  grants.env("COLORTERM", "TERM");
  if (command === "bench-queue") {
    // It starts workers, and kills them.
    grants.net("127.0.0.1");
    grants.env(...CLIENT_VARIABLES);
    grants.run(deno);
  }
  return grants.toFlags();
}
