import type { Reporter } from "./reporter.ts";

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
