import type { Image } from "../image/image.ts";
import type { Reporter } from "./reporter.ts";
import type { PictureNumber, RunEvent } from "./run_event.ts";

/** Says with each event which of several pictures it is of, and each note only once. */
export class NumberedReporter implements Reporter {
  readonly #shown: Reporter;
  readonly #notes = new Set<string>();
  readonly #begun = new Set<number>();

  /** Wraps a reporter. */
  constructor(shown: Reporter) {
    this.#shown = shown;
  }

  /** Whether the preview of a picture would be shown; those of the others are not asked for. */
  get wantsPreview(): boolean {
    return this.#shown.wantsPreview;
  }

  /** Returns the reporter of one picture; previews are shown of the first that is being made. */
  of(picture: PictureNumber): Reporter {
    const { number } = picture;
    this.#begun.add(number);
    const isFirst = () => number === Math.min(...this.#begun);
    const wantsPreview = () => isFirst() && this.#shown.wantsPreview;
    return {
      report: (event) => {
        if (event.event === "done" || event.event === "failed") this.#begun.delete(number);
        this.report({ ...event, picture });
      },
      preview: (image) => this.#shown.preview(image, picture),
      get wantsPreview() {
        return wantsPreview();
      },
    };
  }

  report(event: RunEvent): void {
    if (event.event === "note") {
      if (this.#notes.has(event.message)) return;
      this.#notes.add(event.message);
    }
    this.#shown.report(event);
  }

  preview(image: Image): void {
    this.#shown.preview(image);
  }
}
