import type { Image } from "../image/image.ts";
import type { Reporter } from "./reporter.ts";
import type { PictureNumber, RunEvent } from "./run_event.ts";

/** Adds the number of the picture to each event, and reports each note only once. */
export class NumberedReporter implements Reporter {
  readonly #shown: Reporter;
  readonly #notes = new Set<string>();
  readonly #started = new Set<number>();

  /** @param shown Gets all events. */
  constructor(shown: Reporter) {
    this.#shown = shown;
  }

  /** Whether a preview would be shown now. */
  get wantsPreview(): boolean {
    return this.#shown.wantsPreview;
  }

  /** Returns the reporter of one picture. Only the first picture in progress shows previews. */
  of(picture: PictureNumber): Reporter {
    const { number } = picture;
    this.#started.add(number);
    const isFirst = () => number === Math.min(...this.#started);
    const wantsPreview = () => isFirst() && this.#shown.wantsPreview;
    return {
      report: (event) => {
        if (event.event === "done" || event.event === "failed") this.#started.delete(number);
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
