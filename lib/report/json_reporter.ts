import type { Reporter } from "./reporter.ts";
import type { RunEvent } from "./run_event.ts";
import type { Terminal } from "./terminal.ts";

/** Writes one JSON object per line. */
export class JsonReporter implements Reporter {
  readonly wantsPreview = false;
  readonly #out: Pick<Terminal, "write">;

  /** @param out Gets the lines. */
  constructor(out: Pick<Terminal, "write">) {
    this.#out = out;
  }

  report(event: RunEvent): void {
    this.#out.write(`${JSON.stringify(event)}\n`);
  }

  preview(): void {}
}
