import { join } from "node:path";
import { configNotes } from "../../../config/config_keys.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import { writeRunConfig } from "../../../config/write_run_config.ts";
import type { RunInputs } from "../../distill/run_inputs.ts";
import { distill } from "../../distill/distill.ts";
import type { References } from "../../distill/sample_references.ts";
import { describeMemoryPlan } from "../../distill/memory/describe_memory_plan.ts";
import type { Run } from "../../distill/run.ts";
import { checkFolder } from "../../files/probe_folder.ts";
import { writeFile } from "../../files/write_file.ts";
import { enlargementFactor } from "../../image/enlarge_nearest.ts";
import { writeCheckpoint } from "../../outputs/checkpoint_file.ts";
import { writeFinalImages } from "../../outputs/final_images.ts";
import type { MadePicture } from "../../outputs/picture_index.ts";
import { writeSidecar } from "../../outputs/picture_sidecar.ts";
import { RunLog } from "../../outputs/run_log.ts";
import { createDownloadListener } from "../../report/download_listener.ts";
import { PlainReporter } from "../../report/plain_reporter.ts";
import { type Reporter, teeReporter } from "../../report/reporter.ts";
import { createTerminal } from "../../report/terminal.ts";
import type { StepMetrics, StepReport } from "../../run/step_report.ts";
import { defined } from "../../text/defined.ts";
import { withAbsolutePaths } from "./absolute_paths.ts";
import { describeError } from "./describe_error.ts";
import { writeInputs, writeReferences } from "./reference_files.ts";
import { StepFiles, type StepFilesOptions } from "./step_files.ts";
import { writeInitialization } from "./step_pictures.ts";

/** Size of weights in bytes from which the memory plan is shown. */
const LARGE_BYTES = 500 * 2 ** 20;

/** A picture to make. */
export interface PictureOrder {
  /** Number of the picture in its call, from 1. */
  readonly number: number;
  /** The complete config. */
  readonly config: RunConfig;
  /** Notes on the config for the user, a sentence each. */
  readonly notes: readonly string[];
  /** Inputs of the run that were read from files. */
  readonly inputs: Omit<
    RunInputs,
    "signal" | "onStage" | "onSample" | "onNote" | "onPlan" | "onTiming"
  >;
  /** Whether the teacher scores the picture when it is complete. */
  readonly isScored: boolean;
  /** Creates the folder of the run; called when the teacher is loaded. */
  createFolder(run: Run, date: Date): Promise<string>;
}

/** Creates a run: `createRun` of the library, or a fake. */
export type CreateRun = (config: RunConfig, inputs: RunInputs) => Promise<Run>;

/** Options of {@linkcode makePicture}. */
export interface MakePictureOptions {
  /** Creates the run. */
  readonly createRun: CreateRun;
  /** Gets all events; the log of the run gets them, too. */
  readonly reporter: Reporter;
  /** Ends the run after the current step. */
  readonly signal: AbortSignal;
  /** Files that flags ask for. */
  readonly extras: Pick<StepFilesOptions, "verbose" | "tensorboard" | "video" | "checkpoints">;
  /**
   * Called with a run before its first step, and after each step, when its files are written. The
   * next step waits for it. Default: nothing is called.
   */
  readonly onStep?: (run: Run, order: PictureOrder) => Promise<void>;
}

/**
 * Makes a picture and writes its folder.
 *
 * @returns undefined if it was stopped before there was a picture.
 */
export async function makePicture(
  order: PictureOrder,
  options: MakePictureOptions,
): Promise<MadePicture | undefined> {
  const { signal } = options;
  using log = new RunLog();
  const paper = createTerminal({ print: (text) => log.write(text) });
  const reporter = teeReporter(options.reporter, new PlainReporter(paper, paper));
  const onStop = () =>
    reportNote(reporter, "stopping after this step or teacher call; Ctrl-C again ends it now");
  signal.addEventListener("abort", onStop);
  try {
    return await make(order, { ...options, reporter, log });
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
  options: MakePictureOptions & { readonly log: RunLog },
): Promise<MadePicture> {
  const { createRun, reporter, signal, extras, log } = options;
  const date = new Date();
  const startedAt = performance.now();
  const seconds = () => Math.round(performance.now() - startedAt) / 1000;
  const { config, number } = order;
  for (const message of order.notes) reportNote(reporter, message);
  const listening = listeningInputs(order, { reporter, signal, extras, seconds });
  await using run = await createRun(config, listening);
  if (run.references) reportReferences(reporter, run.references);
  const folder = await order.createFolder(run, date);
  log.open(folder, { date, seed: config.seed });
  // As they were completed: a caption, and the settings of the teacher's kind.
  const { prompt, diffusion, sd } = run.config;
  const kept = await withAbsolutePaths({ ...config, prompt, diffusion, sd });
  await writeFile(join(folder, "config.yaml"), writeRunConfig(kept));
  reportStart(reporter, run, folder);
  await writeStartFiles(run, folder, { verbose: extras.verbose, config });
  await using stepFiles = await StepFiles.open(run, { ...extras, config, folder });
  const onStep = async () => await options.onStep?.(run, order);
  const step = await makeSteps(run, stepFiles, { reporter, signal, seconds, onStep });
  const image = await run.image();
  reporter.preview(image);
  await checkFolder(folder, "config.yaml");
  const { files: results, notes } = await writeResults(run, folder, kept);
  const files = [...results, ...await stepFiles.finish()];
  for (const message of notes) reportNote(reporter, message);
  const interrupted = signal.aborted;
  const isComplete = step >= run.steps;
  const score = order.isScored && isComplete ? await scoreOf(run, signal) : undefined;
  // All files are there before: a program that is stopped now loses only the score.
  if (score !== undefined) {
    await writeSidecar(folder, run, { picture: files[0]!, config: kept, score });
  }
  const { teacherCalls, palette: { name: palette } } = run;
  reporter.report({
    event: "done",
    folder,
    files,
    seconds: seconds(),
    teacherCalls,
    interrupted,
    ...defined({ earlierTeacherCalls: order.inputs.checkpoint?.teacherCalls, score }),
  });
  return { number, prompt, palette, seed: config.seed, folder, image, step, isComplete, score };
}

function reportNote(reporter: Reporter, message: string): void {
  reporter.report({ event: "note", message });
}

/** Adds listeners that report to the inputs of a run. */
function listeningInputs(
  { config, inputs }: PictureOrder,
  { reporter, signal, extras, seconds }: Omit<MakePictureOptions, "createRun"> & {
    seconds(): number;
  },
): RunInputs {
  // They are among the notes of the order.
  const reported = new Set(configNotes(config));
  return {
    ...inputs,
    signal,
    hub: {
      ...inputs.hub,
      onProgress: createDownloadListener((event) => reporter.report(event)),
      onNote: (message) => reportNote(reporter, message),
    },
    onStage: (stage) => reporter.report({ event: "stage", stage }),
    onSample: (call, calls) =>
      reporter.report({ event: "sample", call, calls, seconds: seconds() }),
    onNote: (message) => reported.has(message) ? undefined : reportNote(reporter, message),
    onPlan: (plan) => {
      const matters = plan.weightBytes > LARGE_BYTES || plan.problems.length > 0;
      if (matters || extras.verbose) reportNote(reporter, describeMemoryPlan(plan));
    },
  };
}

function reportReferences(reporter: Reporter, { chosen, scores }: References): void {
  if (scores === undefined) return;
  // The samples outside of a CLIP's shortlist have no score.
  const list = scores.map((score) => score === -Infinity ? "none" : score.toPrecision(3)).join(
    ", ",
  );
  reportNote(
    reporter,
    `the run starts from sample ${chosen} of 0 to ${scores.length - 1}; scores ${list}`,
  );
}

function reportStart(reporter: Reporter, run: Run, folder: string): void {
  const { config, size } = run;
  reporter.report({
    event: "start",
    folder,
    palette: run.palette.name,
    steps: run.steps,
    resumedFrom: run.startStep,
    prompt: config.prompt,
    height: size.height,
    width: size.width,
    seed: config.seed,
    runtime: run.runtime,
    adapter: run.adapterName,
  });
}

/** Writes the samples of the teacher and, if asked for, the inputs of the run. */
async function writeStartFiles(
  run: Run,
  folder: string,
  { verbose, config }: { readonly verbose: boolean; readonly config: RunConfig },
): Promise<void> {
  if (run.references) await writeReferences(folder, run.references);
  if (!verbose) return;
  await writeInputs(folder, run);
  if (run.startStep === 0) await writeInitialization(folder, await run.picture(), config);
}

/** Makes the steps, until the last or until the signal. Returns the last one. */
async function makeSteps(
  run: Run,
  files: StepFiles,
  { reporter, signal, seconds, onStep }: {
    readonly reporter: Reporter;
    readonly signal: AbortSignal;
    seconds(): number;
    onStep(): Promise<void>;
  },
): Promise<number> {
  let last = run.startStep;
  let hasOverflowed = false;
  try {
    await onStep();
    for await (const report of distill(run, { signal })) {
      const metrics = metricsOf(report);
      last = report.step;
      if (!report.isApplied && !hasOverflowed) {
        hasOverflowed = true;
        const message = `the gradient of step ${last} is not finite; such steps change nothing`;
        reportNote(reporter, message);
      }
      await files.write(metrics);
      reporter.report({ event: "step", ...metrics, seconds: seconds() });
      if (reporter.wantsPreview) reporter.preview(await run.image());
      await onStep();
    }
  } catch (error) {
    if (!(signal.aborted && error === signal.reason)) throw error;
  }
  return last;
}

/** Takes the numbers of a report that are written. */
function metricsOf(report: StepReport): StepMetrics {
  const { stage, step, steps, losses, learningRate, timestep, teacherCalls } = report;
  return { stage, step, steps, losses, learningRate, timestep, teacherCalls };
}

async function writeResults(run: Run, folder: string, config: RunConfig) {
  const { savingResize } = config;
  const picture = await run.picture();
  const factor = savingResize > 0 ? enlargementFactor(picture, savingResize) : 1;
  const images = await writeFinalImages(folder, picture, {
    factor,
    tile: run.config.constraint.tile,
  });
  const checkpoint = await writeCheckpoint(folder, await run.checkpoint());
  const { argmax, enlarged, tiles, softmax, notes } = images;
  const sidecar = await writeSidecar(folder, run, { picture: argmax, config });
  const logs = ["config.yaml", "metrics.jsonl"].map((name) => join(folder, name));
  const files = [argmax, enlarged, tiles, softmax, sidecar, checkpoint, ...logs];
  return { files: files.filter((file) => file !== undefined), notes };
}

/** Asks the teacher for the score; a stopped run has none. */
async function scoreOf(run: Run, signal: AbortSignal): Promise<number | undefined> {
  try {
    return await run.score({ signal });
  } catch (error) {
    if (signal.aborted && error === signal.reason) return undefined;
    throw error;
  }
}
