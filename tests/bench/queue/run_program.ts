import { fileURLToPath } from "node:url";

/**
 * Runs a program. The benchmark may run Deno only, so a process of Deno runs it.
 *
 * @returns What it printed; undefined if it failed or is not there.
 */
export async function runProgram(...command: readonly string[]): Promise<string | undefined> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-config", "--allow-run"],
      ...[fileURLToPath(import.meta.url), ...command],
    ],
    stdin: "null",
    stderr: "null",
  }).output();
  return code === 0 ? new TextDecoder().decode(stdout) : undefined;
}

if (import.meta.main) {
  const [program, ...args] = Deno.args;
  const { code } = await new Deno.Command(program!, { args }).spawn().status;
  Deno.exit(code);
}
