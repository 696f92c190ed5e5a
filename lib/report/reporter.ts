import type { Image } from "../image/image.ts";
import { terminalPreview } from "../image/terminal_preview.ts";
import { type DownloadEvent, downloadLine, isComplete } from "./download_event.ts";
import { scoreText } from "../outputs/picture_index.ts";
import { PicturesInProgress } from "./pictures_in_progress.ts";
import { formatDuration } from "../text/format_duration.ts";
import { numberText, progressLine } from "./progress_line.ts";
import type { PictureNumber, PicturesEvent, RunEvent, StepEvent } from "./run_event.ts";
import type { Terminal } from "./terminal.ts";

/** Shows what a run tells. */
export interface Reporter {
  /** Shows an event. */
  report(event: RunEvent): void;
  /** Whether a preview would be shown now; they cost a transfer. */
  readonly wantsPreview: boolean;
  /** Shows a picture so far; of several, which one it is. */
  preview(image: Image, picture?: PictureNumber): void;
}

/** Chooses the reporter: JSON if asked for, a bar in a terminal, else plain lines. */
export function createReporter(json: boolean, out: Terminal, status: Terminal): Reporter {
  if (json) return new JsonReporter(out);
  return status.isTerminal ? new BarReporter(out, status) : new PlainReporter(out, status);
}

/** One JSON object a line on stdout. */
class JsonReporter implements Reporter {
  readonly wantsPreview = false;
  readonly #out: Terminal;

  constructor(out: Terminal) {
    this.#out = out;
  }

  report(event: RunEvent): void {
    this.#out.write(`${JSON.stringify(event)}\n`);
  }

  preview(): void {}
}

const PLAIN_LINES = 10;
const PLAIN_INTERVAL_S = 10;

/** Plain lines: about ten over a run, more if it is slow. */
class PlainReporter implements Reporter {
  readonly wantsPreview = false;
  readonly #out: Terminal;
  readonly #status: Terminal;
  readonly #inProgress = new PicturesInProgress();
  #printedAt = 0;
  #downloadPrintedAt = 0;
  #first: StepEvent | undefined;

  constructor(out: Terminal, status: Terminal) {
    this.#out = out;
    this.#status = status;
  }

  report(event: RunEvent): void {
    if (event.event === "start") this.#inProgress.begin(event.picture);
    if (event.event === "done" || event.event === "failed") this.#end(event.picture);
    if (event.event === "done") return this.#out.write(doneText(event));
    if (event.event === "pictures") return this.#out.write(picturesText(event));
    if (event.event === "download") return this.#reportDownload(event);
    if (event.event !== "step") {
      const lines = this.#inProgress.news(headLines(event));
      return this.#status.write(lines.map((line) => `${line}\n`).join(""));
    }
    const told = this.#inProgress.add(event);
    if (told) this.#reportStep(told);
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

  #end(picture: PictureNumber | undefined): void {
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

const PREVIEW_INTERVAL_MS = 1000;
const REDRAW_INTERVAL_MS = 100;
const PREVIEW_COLUMNS = 64;
/** Lines of a terminal that the bar and what is above it keep. */
const KEPT_LINES = 6;

/** A bar that is drawn over, with a small picture above it. */
class BarReporter implements Reporter {
  readonly #out: Terminal;
  readonly #status: Terminal;
  readonly #inProgress = new PicturesInProgress();
  #first: StepEvent | undefined;
  #step: StepEvent | undefined;
  #picture: string[] = [];
  #pictureNumber: number | undefined;
  #drawnLines = 0;
  #drawnAt = -Infinity;
  #previewedAt = -Infinity;

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
    if (event.event === "start") this.#inProgress.begin(event.picture);
    if (event.event === "step") {
      const told = this.#inProgress.add(event);
      if (!told) return;
      this.#first ??= told;
      this.#step = told;
      const isDue = performance.now() - this.#drawnAt >= REDRAW_INTERVAL_MS;
      if (isDue || told.step === told.steps) this.#draw();
      return;
    }
    // What stays is printed above the bar.
    this.#erase();
    if (event.event === "download") {
      this.#status.write(`${downloadLine(event, this.#status.columns() - 1)}\n`);
      // The next one is drawn over it, unless it is the last.
      this.#drawnLines = isComplete(event) ? 0 : 1;
      return;
    }
    if (event.event === "done") return this.#reportDone(event);
    if (event.event === "failed") this.#end(event.picture);
    if (event.event === "pictures") return this.#out.write(picturesText(event));
    const lines = this.#inProgress.news(headLines(event));
    this.#status.write(lines.map((line) => `${line}\n`).join(""));
    if (this.#step) this.#draw();
  }

  #reportDone(event: RunEvent & { event: "done" }): void {
    // The picture stays in view.
    if (this.#picture.length > 0 && this.#pictureNumber === event.picture?.number) {
      this.#status.write(`${this.#picture.join("\n")}\n`);
      this.#picture = [];
    }
    this.#out.write(doneText(event));
    this.#end(event.picture);
    this.#draw();
  }

  #end(picture: PictureNumber | undefined): void {
    this.#inProgress.end(picture);
    if (!this.#inProgress.isEmpty) return;
    // Another picture may follow.
    this.#picture = [];
    this.#first = this.#step = undefined;
    this.#drawnAt = -Infinity;
  }

  #draw(): void {
    if (!this.#step) return;
    this.#drawnAt = performance.now();
    const bar = progressLine(this.#step, this.#first!, {
      columns: this.#status.columns() - 1,
      label: this.#inProgress.label(this.#step),
    });
    const lines = [...this.#picture, bar];
    this.#erase();
    this.#status.write(`${lines.join("\n")}\n`);
    this.#drawnLines = lines.length;
  }

  #erase(): void {
    if (this.#drawnLines > 0) this.#status.write(`\x1b[${this.#drawnLines}A\x1b[J`);
    this.#drawnLines = 0;
  }
}

type HeadEvent = RunEvent & { readonly event: "start" | "note" | "stage" | "failed" };

/** What is printed when something begins or is to be known. */
function headLines(event: HeadEvent): string[] {
  switch (event.event) {
    case "start": {
      const { prompt, palette, height, width, seed, runtime, adapter, resumedFrom } = event;
      const shown = prompt === "" ? "picture" : `"${prompt}"`;
      const what = event.picture ? `${numberText(event.picture)}: ${shown}` : shown;
      const lines = [
        `${what}, ${height} x ${width} pixels (height x width), palette ${palette}, seed ${seed}`,
        `networks: ${runtime}; kernels: ${adapter}`,
      ];
      return [...lines, ...resumedFrom > 0 ? [`going on after step ${resumedFrom}`] : []];
    }
    case "note":
      return [`note: ${event.message}`];
    case "stage":
      return [`${event.stage} …`];
    case "failed":
      return [
        `${event.picture ? numberText(event.picture) : "the picture"} failed: ` +
        `${event.message}; those that were begun with it are ended`,
      ];
  }
}

function doneText(event: RunEvent & { event: "done" }): string {
  const { files, seconds, evaluations, interrupted, picture, score, folder } = event;
  const head = interrupted ? "stopped; the picture so far and a checkpoint are written" : "done";
  const time = `${formatDuration(seconds)}, ${evaluations} teacher evaluations`;
  if (picture) {
    const judged = typeof score === "number" ? `, score ${scoreText(score)}` : "";
    return `${numberText(picture)} ${head} (${time}${judged})\n  ${folder}\n`;
  }
  return [`${head} (${time})`, ...files.map((file) => `  ${file}`), ""].join("\n");
}

/** The pictures, the best first, and what shows all of them. */
function picturesText(event: PicturesEvent): string {
  const { pictures, asked, files, seconds, interrupted } = event;
  const made = pictures.filter(({ complete }) => complete).length;
  const head = interrupted ? `stopped with ${made} of ${asked} pictures` : `${made} pictures`;
  const lines = pictures.map(({ number, prompt, palette, seed, score, complete }, i) => {
    const judged = score === null ? "no score" : scoreText(score);
    const rank = complete ? `${i + 1}. ${judged}` : "not complete";
    return `  ${rank}  picture ${number}: seed ${seed}, ${palette}, "${prompt}"`;
  });
  return [`${head} (${formatDuration(seconds)}), the teacher's best first`, ...lines]
    .concat(files.map((file) => `  ${file}`), "").join("\n");
}
