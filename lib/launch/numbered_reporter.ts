import type { Image } from "../image/image.ts";
import type { Reporter } from "./reporter.ts";
import type { PictureNumber, RunEvent } from "./run_event.ts";

/** Says with each event which of several pictures it is of, and each note only once. */
export class NumberedReporter implements Reporter {
  readonly #shown: Reporter;
  readonly #notes = new Set<string>();
  /** The picture that is being made. */
  picture: PictureNumber | undefined;

  /** Wraps a reporter. */
  constructor(shown: Reporter) {
    this.#shown = shown;
  }

  get wantsPreview(): boolean {
    return this.#shown.wantsPreview;
  }

  report(event: RunEvent): void {
    if (event.event === "note") {
      if (this.#notes.has(event.message)) return;
      this.#notes.add(event.message);
    }
    const { picture } = this;
    this.#shown.report(picture ? { ...event, picture } : event);
  }

  preview(image: Image): void {
    this.#shown.preview(image);
  }
}
