import type { Flag } from "../cli/flags/flag.ts";
import { attachValues } from "../cli/flags/parse_command_line.ts";
import { Grants } from "./grants.ts";
import type { PermissionContext } from "./permissions.ts";

/** Commands for developers of the project: programs below `tests`. */
export const DEVELOPMENT_COMMANDS = ["test", "bench", "bench-recipes", "bench-steps"] as const;

/** Name of such a command. */
export type DevelopmentCommand = typeof DEVELOPMENT_COMMANDS[number];

/** Flags of the two benchmarks that take a value; those with a path grant it. */
const BENCH_FLAGS: readonly Flag[] = [
  { name: "--model", commands: [], value: "name|folder|url", path: "read" },
  { name: "--judge", commands: [], value: "file", path: "read" },
  { name: "--output", commands: [], value: "folder", path: "write" },
  ...([
    ...["--set", "--recipes", "--sizes", "--palettes", "--seeds", "--limit", "--batch"],
    ...["--runtime", "--override", "--colors", "--base-size", "--base-colors", "--steps"],
  ] as Flag["name"][]).map((name): Flag => ({ name, commands: [], value: "value" })),
];

/**
 * Lists the permissions of a command for development, as flags of Deno.
 *
 * Tests may start Deno, which is any permission: they are the project's own code.
 *
 * @param deno Path of the Deno that runs.
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
    grants.run(deno);
    return grants.toFlags();
  }
  let output = "workdir/bench";
  for (const argument of attachValues(args, BENCH_FLAGS)) {
    const [, name, value = ""] = /^(--[\w-]+)=(.*)$/s.exec(argument) ?? [];
    const path = BENCH_FLAGS.find((flag) => flag.name === name)?.path;
    if (path === "read") grants.readNamed(value);
    if (path === "write") output = value;
    if (argument === "--runtime=native") grants.allowNative();
  }
  grants.write(output);
  grants.env("COLORTERM", "TERM");
  return grants.toFlags();
}
