import type { Image } from "../image/image.ts";
import type { PictureNumber, RunEvent } from "./run_event.ts";

/** Shows the events of a run. */
export interface Reporter {
  /** Shows an event. */
  report(event: RunEvent): void;
  /** Whether a preview would be shown now; reading one costs a transfer from the GPU. */
  readonly wantsPreview: boolean;
  /** Shows the picture so far. */
  preview(image: Image, picture?: PictureNumber): void;
}

/** Creates a reporter that hands everything on to several. */
export function teeReporter(...reporters: readonly Reporter[]): Reporter {
  return {
    report(event) {
      for (const reporter of reporters) reporter.report(event);
    },
    preview(image, picture) {
      for (const reporter of reporters) reporter.preview(image, picture);
    },
    get wantsPreview() {
      return reporters.some(({ wantsPreview }) => wantsPreview);
    },
  };
}
