import { isComplete } from "./download_listener.ts";
import { doneText, headLines, picturesText } from "./event_text.ts";
import { PicturesInProgress } from "./pictures_in_progress.ts";
import { downloadLine, progressLine, sampleLine } from "./progress_line.ts";
import type { Reporter } from "./reporter.ts";
import type {
  DownloadEvent,
  PictureNumber,
  RunEvent,
  SampleEvent,
  StepEvent,
} from "./run_event.ts";
import { SamplesInProgress } from "./samples_in_progress.ts";
import type { Terminal } from "./terminal.ts";

const PLAIN_LINES = 10;
const PLAIN_INTERVAL_S = 10;

/** Writes plain lines: about ten per run, more if it is slow. */
export class PlainReporter implements Reporter {
  readonly wantsPreview = false;
  readonly #out: Terminal;
  readonly #status: Terminal;
  readonly #inProgress = new PicturesInProgress();
  readonly #samples = new SamplesInProgress();
  #printedAt = 0;
  #samplePrintedAt = 0;
  #downloadPrintedAt = 0;
  #first: StepEvent | undefined;

  /**
   * @param out Gets results.
   * @param status Gets progress.
   */
  constructor(out: Terminal, status: Terminal) {
    this.#out = out;
    this.#status = status;
  }

  report(event: RunEvent): void {
    if (event.event === "sample") return this.#reportSample(event);
    if (event.event === "start") {
      this.#inProgress.start(event.picture);
      this.#endSamples();
    }
    if (event.event === "done" || event.event === "failed") this.#end(event.picture);
    if (event.event === "done") return this.#out.write(doneText(event));
    if (event.event === "pictures") return this.#out.write(picturesText(event));
    if (event.event === "download") return this.#reportDownload(event);
    if (event.event !== "step") {
      const lines = this.#inProgress.newLines(headLines(event));
      return this.#status.write(lines.map((line) => `${line}\n`).join(""));
    }
    const summary = this.#inProgress.add(event);
    if (summary) this.#reportStep(summary);
  }

  #reportStep(event: StepEvent): void {
    this.#first ??= event;
    const isTenth = event.step % Math.max(1, Math.floor(event.steps / PLAIN_LINES)) === 0;
    const isSlow = event.seconds - this.#printedAt >= PLAIN_INTERVAL_S;
    if (!isTenth && !isSlow && event.step !== event.steps) return;
    this.#printedAt = event.seconds;
    const label = this.#inProgress.label(event);
    this.#status.write(`${progressLine(event, this.#first, { columns: 0, label })}\n`);
  }

  #reportSample(event: SampleEvent): void {
    this.#samples.add(event);
    if (event.seconds - this.#samplePrintedAt < PLAIN_INTERVAL_S) return;
    this.#samplePrintedAt = event.seconds;
    this.#status.write(`${sampleLine(this.#samples.progress!, 0)}\n`);
  }

  #endSamples(): void {
    this.#samples.clear();
    this.#samplePrintedAt = 0;
  }

  #end(picture: PictureNumber | undefined): void {
    this.#endSamples();
    this.#inProgress.end(picture);
    if (!this.#inProgress.isEmpty) return;
    // Another picture may follow.
    this.#first = undefined;
    this.#printedAt = 0;
  }

  #reportDownload(event: DownloadEvent): void {
    const isFirst = event.path === undefined;
    const isSlow = performance.now() - this.#downloadPrintedAt >= PLAIN_INTERVAL_S * 1000;
    if (!isFirst && !isSlow && !isComplete(event)) return;
    this.#downloadPrintedAt = performance.now();
    this.#status.write(`${downloadLine(event, 0)}\n`);
  }

  preview(): void {}
}
