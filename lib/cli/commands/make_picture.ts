import { join } from "node:path";
import type { RunConfig } from "../../../config/run_config.ts";
import { writeRunConfig } from "../../../config/write_run_config.ts";
import { enlargementFactor } from "../../image/enlarge_nearest.ts";
import { Image } from "../../image/image.ts";
import { writeCheckpoint } from "../../outputs/checkpoint_file.ts";
import { type RunResult, writeFinalImages } from "../../outputs/final_images.ts";
import { RunLog } from "../../outputs/run_log.ts";
import { writeFile } from "../../files/write_file.ts";
import { writeBeginnings, writeReferences } from "./reference_files.ts";
import { describeError } from "./describe_error.ts";
import { createDownloadListener } from "../../report/download_listener.ts";
import type { Engine, EngineInputs, EngineRun } from "./engine.ts";
import { PlainReporter } from "../../report/plain_reporter.ts";
import { teeReporter } from "../../report/tee_reporter.ts";
import { createTerminal } from "../../report/terminal.ts";
import type { Reporter } from "../../report/reporter.ts";
import { StepFiles, type StepFilesOptions } from "./step_files.ts";
import { writeInitialization } from "./step_pictures.ts";

/** A picture to make. */
export interface PictureOrder {
  /** The complete config. */
  readonly config: RunConfig;
  /** What the user should know of it, a sentence each. */
  readonly notes: readonly string[];
  /** The files that the run begins with, read. */
  readonly inputs: Omit<EngineInputs, "signal" | "onStage" | "onNote">;
  /** Whether the teacher is asked how well it fits when it is complete. */
  readonly isScored: boolean;
  /** Makes the folder of the run, when the teacher is loaded. */
  createFolder(run: EngineRun, date: Date): Promise<string>;
}

/** What pictures are made with. */
export interface PictureMakers {
  /** What makes them. */
  readonly engine: Engine;
  /** Told what happens; the log of the run gets it, too. */
  readonly reporter: Reporter;
  /** Ends the run after the step that is being made. */
  readonly signal: AbortSignal;
  /** What is written besides the picture. */
  readonly extras: Pick<StepFilesOptions, "verbose" | "tensorboard" | "video">;
}

/** A picture whose files are written. */
export interface MadePicture {
  /** Folder of the run. */
  readonly folder: string;
  /** What it shows: the prompt, or a caption of the image. */
  readonly prompt: string;
  /** Name of its palette. */
  readonly palette: string;
  /** The picture. */
  readonly image: Image;
  /** Optimizer steps done. */
  readonly step: number;
  /** Whether all its steps are done. */
  readonly isComplete: boolean;
  /** How well the teacher finds that it fits; undefined if it was not asked. */
  readonly score: number | undefined;
}

/**
 * Makes a picture and writes its folder.
 *
 * @returns undefined if it was stopped before there was a picture.
 */
export async function makePicture(
  order: PictureOrder,
  makers: PictureMakers,
): Promise<MadePicture | undefined> {
  const { signal } = makers;
  using log = new RunLog();
  const paper = createTerminal({ print: (text) => log.write(text) });
  const reporter = teeReporter(makers.reporter, new PlainReporter(paper, paper));
  const onStop = () =>
    reporter.report({
      event: "note",
      message: "stopping after this step; Ctrl-C again ends it now",
    });
  signal.addEventListener("abort", onStop);
  try {
    return await make(order, { ...makers, reporter, log });
  } catch (error) {
    // Stopped before there was a picture.
    if (signal.aborted && error === signal.reason) return undefined;
    paper.write(`error: ${describeError(error, true).message}\n`);
    throw error;
  } finally {
    signal.removeEventListener("abort", onStop);
  }
}

async function make(
  order: PictureOrder,
  { engine, reporter, signal, extras, log }: PictureMakers & { readonly log: RunLog },
): Promise<MadePicture> {
  const date = new Date();
  const startedAt = performance.now();
  const seconds = () => Math.round(performance.now() - startedAt) / 1000;
  const { config } = order;
  for (const message of order.notes) reporter.report({ event: "note", message });
  await using run = await engine.open(config, {
    ...order.inputs,
    signal,
    hub: {
      ...order.inputs.hub,
      onProgress: createDownloadListener((event) => reporter.report(event)),
    },
    onStage: (stage) => reporter.report({ event: "stage", stage }),
    onNote: (message) => reporter.report({ event: "note", message }),
  });
  const folder = await order.createFolder(run, date);
  log.open(folder, { date, seed: config.seed });
  await writeFile(join(folder, "config.yaml"), writeRunConfig({ ...config, prompt: run.prompt }));
  const { prompt, paletteName: palette } = run;
  report(reporter, config, run, { folder, palette });
  if (run.references) await writeReferences(folder, run.references);
  if (extras.verbose) {
    await writeBeginnings(folder, await run.beginnings());
    if (run.startStep === 0) await writeInitialization(folder, await run.result(), config);
  }
  await using stepFiles = await StepFiles.open(run, { ...extras, config, folder });
  const step = await makeSteps(run, stepFiles, { reporter, signal, seconds });
  const image = toImage(await run.result());
  reporter.preview(image);
  const { files: results, notes } = await writeResults(run, folder, config.savingResize);
  const files = [...results, ...await stepFiles.finish()];
  for (const message of notes) reporter.report({ event: "note", message });
  const interrupted = signal.aborted;
  const isComplete = step >= config.training.steps;
  const score = order.isScored && isComplete ? await scoreOf(run, signal) : undefined;
  reporter.report({
    ...{ event: "done", folder, files, seconds: seconds(), evaluations: run.evaluations },
    interrupted,
    ...score === undefined ? {} : { score },
  });
  return { folder, prompt, palette, image, step, isComplete, score };
}

function report(
  reporter: Reporter,
  config: RunConfig,
  run: EngineRun,
  names: { readonly folder: string; readonly palette: string },
): void {
  reporter.report({
    event: "start",
    ...names,
    steps: config.training.steps,
    resumedFrom: run.startStep,
    prompt: run.prompt,
    height: config.generator.imageH,
    width: config.generator.imageW,
    seed: config.seed,
    runtime: run.runtime,
    adapter: run.adapter,
  });
}

/** Makes the steps, until the last or until the signal. Returns the last one. */
async function makeSteps(
  run: EngineRun,
  files: StepFiles,
  { reporter, signal, seconds }: {
    readonly reporter: Reporter;
    readonly signal: AbortSignal;
    seconds(): number;
  },
): Promise<number> {
  let last = run.startStep;
  try {
    for await (const step of run.steps(signal)) {
      last = step.step;
      await files.write(step);
      reporter.report({ event: "step", ...step, seconds: seconds() });
      if (reporter.wantsPreview) reporter.preview(toImage(await run.result()));
    }
  } catch (error) {
    if (!(signal.aborted && error === signal.reason)) throw error;
  }
  return last;
}

async function writeResults(run: EngineRun, folder: string, savingResize: number) {
  const result = await run.result();
  const factor = savingResize > 0 ? enlargementFactor(result, savingResize) : 1;
  const images = await writeFinalImages(folder, result, { factor });
  const checkpoint = await writeCheckpoint(folder, await run.checkpoint());
  const { argmax, enlarged, softmax, notes } = images;
  const logs = ["config.yaml", "metrics.jsonl"].map((name) => join(folder, name));
  const files = [argmax, enlarged, softmax, checkpoint, ...logs];
  return { files: files.filter((file) => file !== undefined), notes };
}

/** Asks the teacher; what is stopped has no score. */
async function scoreOf(run: EngineRun, signal: AbortSignal): Promise<number | undefined> {
  try {
    return await run.score(signal);
  } catch (error) {
    if (signal.aborted && error === signal.reason) return undefined;
    throw error;
  }
}

function toImage(result: RunResult): Image {
  return Image.fromIndices(result, result.indices, result.palette.colors);
}
