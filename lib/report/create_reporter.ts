import { BarReporter } from "./bar_reporter.ts";
import { JsonReporter } from "./json_reporter.ts";
import { PlainReporter } from "./plain_reporter.ts";
import type { Reporter } from "./reporter.ts";
import type { Terminal } from "./terminal.ts";

/** Chooses the reporter: JSON if asked for, a progress bar in a terminal, else plain lines. */
export function createReporter(json: boolean, out: Terminal, status: Terminal): Reporter {
  if (json) return new JsonReporter(out);
  return status.isTerminal ? new BarReporter(out, status) : new PlainReporter(out, status);
}
