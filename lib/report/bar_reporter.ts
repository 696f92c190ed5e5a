import type { Image } from "../image/image.ts";
import { terminalPreview } from "../image/terminal_preview.ts";
import { isComplete } from "./download_listener.ts";
import { doneText, headLines, picturesText } from "./event_text.ts";
import { PicturesInProgress } from "./pictures_in_progress.ts";
import { downloadLine, progressLine, sampleLine } from "./progress_line.ts";
import type { Reporter } from "./reporter.ts";
import type { PictureNumber, RunEvent, StepEvent } from "./run_event.ts";
import { SamplesInProgress } from "./samples_in_progress.ts";
import type { Terminal } from "./terminal.ts";

const PREVIEW_INTERVAL_MS = 1000;
const REDRAW_INTERVAL_MS = 100;
const PREVIEW_COLUMNS = 64;
/** Lines of the terminal that a preview leaves free. */
const KEPT_LINES = 6;

/** Draws a progress bar with a small preview above it, again and again in place. */
export class BarReporter implements Reporter {
  readonly #out: Terminal;
  readonly #status: Terminal;
  readonly #inProgress = new PicturesInProgress();
  readonly #samples = new SamplesInProgress();
  #first: StepEvent | undefined;
  #step: StepEvent | undefined;
  #picture: string[] = [];
  #pictureNumber: number | undefined;
  #drawnLines = 0;
  #drawnAt = -Infinity;
  #previewedAt = -Infinity;

  /**
   * @param out Gets results.
   * @param status The terminal of the bar.
   */
  constructor(out: Terminal, status: Terminal) {
    this.#out = out;
    this.#status = status;
  }

  get wantsPreview(): boolean {
    return this.#status.depth !== "none" &&
      performance.now() - this.#previewedAt >= PREVIEW_INTERVAL_MS;
  }

  preview(image: Image, picture?: PictureNumber): void {
    this.#previewedAt = performance.now();
    this.#pictureNumber = picture?.number;
    this.#picture = terminalPreview(image, {
      depth: this.#status.depth,
      columns: Math.min(PREVIEW_COLUMNS, this.#status.columns() - 1),
      lines: Math.max(0, this.#status.lines() - KEPT_LINES),
    });
    this.#draw();
  }

  report(event: RunEvent): void {
    if (event.event === "start") {
      this.#inProgress.start(event.picture);
      this.#samples.clear();
    }
    if (event.event === "sample") {
      this.#samples.add(event);
      if (this.#isDue) this.#draw();
      return;
    }
    if (event.event === "step") {
      const summary = this.#inProgress.add(event);
      if (!summary) return;
      this.#first ??= summary;
      this.#step = summary;
      if (this.#isDue || summary.step === summary.steps) this.#draw();
      return;
    }
    // Lines that stay are printed above the bar.
    this.#erase();
    if (event.event === "download") {
      this.#status.write(`${downloadLine(event, this.#status.columns() - 1)}\n`);
      // The next line replaces it, unless it is the last.
      this.#drawnLines = isComplete(event) ? 0 : 1;
      return;
    }
    if (event.event === "done") return this.#reportDone(event);
    if (event.event === "failed") this.#end(event.picture);
    if (event.event === "pictures") return this.#out.write(picturesText(event));
    const lines = this.#inProgress.newLines(headLines(event));
    this.#status.write(lines.map((line) => `${line}\n`).join(""));
    this.#draw();
  }

  get #isDue(): boolean {
    return performance.now() - this.#drawnAt >= REDRAW_INTERVAL_MS;
  }

  #reportDone(event: RunEvent & { event: "done" }): void {
    // The picture stays visible.
    if (this.#picture.length > 0 && this.#pictureNumber === event.picture?.number) {
      this.#status.draw(`${this.#picture.join("\n")}\n`);
      this.#picture = [];
    }
    this.#out.write(doneText(event));
    this.#end(event.picture);
    this.#draw();
  }

  #end(picture: PictureNumber | undefined): void {
    this.#inProgress.end(picture);
    this.#samples.clear();
    if (!this.#inProgress.isEmpty) return;
    // Another picture may follow.
    this.#picture = [];
    this.#first = this.#step = undefined;
    this.#drawnAt = -Infinity;
  }

  #draw(): void {
    const bar = this.#bar();
    if (bar === undefined) return;
    this.#drawnAt = performance.now();
    const lines = [...this.#picture, bar];
    this.#erase();
    this.#status.draw(`${lines.join("\n")}\n`);
    this.#drawnLines = lines.length;
  }

  #bar(): string | undefined {
    const columns = this.#status.columns() - 1;
    const { progress } = this.#samples;
    if (progress !== undefined) return sampleLine(progress, columns);
    if (!this.#step) return undefined;
    return progressLine(this.#step, this.#first!, {
      columns,
      label: this.#inProgress.label(this.#step),
    });
  }

  #erase(): void {
    if (this.#drawnLines > 0) this.#status.draw(`\x1b[${this.#drawnLines}A\x1b[J`);
    this.#drawnLines = 0;
  }
}
