import type { Image } from "../image/image.ts";
import { createReporter, type Reporter } from "./reporter.ts";
import type { PictureNumber, RunEvent } from "./run_event.ts";
import type { Terminal } from "./terminal.ts";

/** Shows what a run tells, and writes it into a log in plain lines. */
export class LoggedReporter implements Reporter {
  readonly #shown: Reporter;
  readonly #logged: Reporter;

  /**
   * Wraps a reporter.
   *
   * @param log Gets each line.
   */
  constructor(shown: Reporter, log: { write(text: string): void }) {
    const paper: Terminal = {
      ...{ isTerminal: false, depth: "none", columns: () => 80, lines: () => 24 },
      write: (text) => log.write(text),
    };
    this.#shown = shown;
    this.#logged = createReporter(false, paper, paper);
  }

  get wantsPreview(): boolean {
    return this.#shown.wantsPreview;
  }

  report(event: RunEvent): void {
    this.#shown.report(event);
    this.#logged.report(event);
  }

  preview(image: Image, picture?: PictureNumber): void {
    this.#shown.preview(image, picture);
  }
}
