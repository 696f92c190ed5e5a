/**
 * A worker whose runs paint without a teacher: `painting_worker.ts <milliseconds a step> <flags>`.
 * A job whose prompt says "poison" ends the worker, as a lack of memory would; one that says
 * "broken" fails; one that says "busy" keeps its thread busy for 8 s.
 *
 * @module
 */
import { workerCommand } from "../../../lib/cli/commands/worker.ts";
import { describeError } from "../../../lib/cli/commands/describe_error.ts";
import { terminalOf } from "../../../lib/cli/commands/terminal_of.ts";
import { parseCommandLine } from "../../../lib/cli/flags/parse_command_line.ts";
import { paintingRuns } from "../cli/commands/painting_run.ts";

if (import.meta.main) {
  const [stepMs, ...args] = Deno.args;
  const terminals = { out: terminalOf(Deno.stdout), status: terminalOf(Deno.stderr) };
  try {
    const parsed = parseCommandLine(["worker", ...args]);
    if (parsed?.command !== "worker") throw new Error("Cannot run this command in a test");
    const { createRun } = paintingRuns({
      stepMs: Number(stepMs),
      before({ prompt }) {
        if (/poison/.test(prompt)) Deno.exit(137);
        if (/busy/.test(prompt)) {
          const end = performance.now() + 8000;
          while (performance.now() < end);
        }
        if (/broken/.test(prompt)) throw new Error("Cannot paint: the brush is broken");
      },
    });
    Deno.exit(await workerCommand(parsed.flags, terminals, { createRun }));
  } catch (error) {
    const { message, code } = describeError(error, false);
    terminals.status.write(`error: ${message}\n`);
    Deno.exit(code);
  }
}
