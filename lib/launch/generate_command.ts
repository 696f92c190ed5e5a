import { basename, join } from "node:path";
import type { RunConfig } from "../../config/run_config.ts";
import { writeRunConfig } from "../../config/write_run_config.ts";
import { decodeImage } from "../image/decode_image.ts";
import { enlargementFactor } from "../image/enlarge_nearest.ts";
import { Image } from "../image/image.ts";
import { writeCheckpoint } from "../outputs/checkpoint_file.ts";
import { type RunResult, writeFinalImages } from "../outputs/final_images.ts";
import { OutputError } from "../outputs/output_error.ts";
import { readPaletteText } from "../outputs/palette_preview.ts";
import { createRunFolder } from "../outputs/run_folder.ts";
import { RunLog } from "../outputs/run_log.ts";
import { writeFile } from "../outputs/write_file.ts";
import { findPalette } from "../palette/find_palette.ts";
import { writeBeginnings, writeReferences } from "./beginning_files.ts";
import type { GenerateFlags } from "./command_flags.ts";
import { createDownloadListener } from "./download_event.ts";
import { readVideoRequest } from "./config_from_flags.ts";
import { describeError } from "./describe_error.ts";
import type { Engine, EngineInputs, EngineRun } from "./engine.ts";
import { Interrupt } from "./interrupt.ts";
import { LoggedReporter } from "./logged_reporter.ts";
import { UsageError } from "./usage_error.ts";
import { createReporter, type Reporter } from "./reporter.ts";
import { readRequest, type Request } from "./run_request.ts";
import { StepFiles } from "./step_files.ts";
import type { Terminal } from "./terminal.ts";

/** Exit code of a program that Ctrl-C stopped: 128 + SIGINT. */
const INTERRUPTED = 130;

/**
 * Makes a picture and writes its folder.
 *
 * @param terminals Where results and progress are shown.
 * @param engine What makes the picture; a test gives its own.
 * @returns The exit code.
 */
export async function generateCommand(
  flags: GenerateFlags,
  terminals: { readonly out: Terminal; readonly status: Terminal },
  engine?: Engine,
): Promise<number> {
  const date = new Date();
  const startedAt = performance.now();
  const seconds = () => Math.round(performance.now() - startedAt) / 1000;
  using log = new RunLog();
  const reporter = new LoggedReporter(
    createReporter(flags.json ?? false, terminals.out, terminals.status),
    log,
  );
  const request = await readRequest(flags);
  const video = readVideoRequest(flags);
  const { config } = request;
  if (config.prompt.trim() === "" && config.image === null) {
    throw new UsageError(
      'Cannot generate: expected a prompt or an image; add --prompt "a castle" or --input_image',
    );
  }
  for (const message of request.notes) reporter.report({ event: "note", message });
  using interrupt = new Interrupt(() =>
    reporter.report({
      event: "note",
      message: "stopping after this step; Ctrl-C again ends it now",
    })
  );
  const { signal } = interrupt;
  try {
    const inputs = {
      ...await readInputs(request, reporter, signal),
      verbose: flags.verbose ?? false,
      hub: {
        download: flags.download ?? false,
        forceDownload: flags.forceDownload ?? false,
        onProgress: createDownloadListener((event) => reporter.report(event)),
      },
    };
    const makers: Engine = engine ?? (await import("./distill_engine.ts")).DISTILL_ENGINE;
    await using run = await makers.open(config, inputs);
    const folder = request.folder ?? await createRunFolder(config.output, {
      config: request.name,
      date,
      model: basename(config.diffusion.modelId),
      size: { height: config.generator.imageH, width: config.generator.imageW },
      palette: run.paletteName,
    });
    log.open(folder, { date, seed: config.seed });
    await writeFile(join(folder, "config.yaml"), writeRunConfig({ ...config, prompt: run.prompt }));
    report(reporter, config, run, { folder, palette: run.paletteName });
    const verbose = flags.verbose ?? false;
    if (run.references) await writeReferences(folder, run.references);
    if (verbose) await writeBeginnings(folder, await run.beginnings());
    await using stepFiles = await StepFiles.open(run, {
      ...{ config, folder, verbose, video },
      tensorboard: flags.tensorboard ?? false,
    });
    await makeSteps(run, stepFiles, { reporter, signal, seconds });
    reporter.preview(toImage(await run.result()));
    const { files: results, notes } = await writeResults(run, folder, config.savingResize);
    const files = [...results, ...await stepFiles.finish()];
    for (const message of notes) reporter.report({ event: "note", message });
    const interrupted = signal.aborted;
    const { evaluations } = run;
    reporter.report({ event: "done", folder, files, seconds: seconds(), evaluations, interrupted });
    return interrupted ? INTERRUPTED : 0;
  } catch (error) {
    // Stopped before there was a picture.
    if (signal.aborted && error === signal.reason) return INTERRUPTED;
    log.write(`error: ${describeError(error, true).message}\n`);
    throw error;
  }
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

async function readInputs(
  { config, checkpoint }: Request,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<EngineInputs> {
  const palette = await findPalette(config.generator.palette, readPaletteText);
  const image = config.image === null
    ? undefined
    : await decodeImage(await readFile(config.image), { name: config.image });
  const bytes = checkpoint === undefined ? undefined : await readFile(checkpoint);
  return {
    palette,
    ...image && { image },
    ...bytes && { checkpoint: bytes, checkpointName: checkpoint! },
    signal,
    onStage: (stage) => reporter.report({ event: "stage", stage }),
    onNote: (message) => reporter.report({ event: "note", message }),
  };
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    throw OutputError.from("read", path, cause);
  }
}

/** Makes the steps, until the last or until the signal. */
async function makeSteps(
  run: EngineRun,
  files: StepFiles,
  { reporter, signal, seconds }: {
    readonly reporter: Reporter;
    readonly signal: AbortSignal;
    seconds(): number;
  },
): Promise<void> {
  try {
    for await (const step of run.steps(signal)) {
      await files.write(step);
      reporter.report({ event: "step", ...step, seconds: seconds() });
      if (reporter.wantsPreview) reporter.preview(toImage(await run.result()));
    }
  } catch (error) {
    if (!(signal.aborted && error === signal.reason)) throw error;
  }
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

function toImage(result: RunResult): Image {
  return Image.fromIndices(result, result.indices, result.palette.colors);
}
