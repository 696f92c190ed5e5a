import type { Reporter } from "./reporter.ts";
import type { RunEvent } from "./run_event.ts";
import type { Terminal } from "./terminal.ts";
import { toJson } from "../text/to_json.ts";

/** Writes one JSON object per line. */
export class JsonReporter implements Reporter {
  readonly wantsPreview = false;
  readonly #out: Pick<Terminal, "write">;

  /** @param out Gets the lines. */
  constructor(out: Pick<Terminal, "write">) {
    this.#out = out;
  }

  report(event: RunEvent): void {
    this.#out.write(`${toJson(event)}\n`);
  }

  preview(): void {}
}
