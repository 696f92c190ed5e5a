import { basename, join } from "node:path";
import type { RunConfig } from "../../config/run_config.ts";
import { writeRunConfig } from "../../config/write_run_config.ts";
import { decodeImage } from "../image/decode_image.ts";
import { encodePng } from "../image/encode_png.ts";
import { enlargementFactor } from "../image/enlarge_nearest.ts";
import { Image } from "../image/image.ts";
import { writeCheckpoint } from "../outputs/checkpoint_file.ts";
import { encodePalettePng, type RunResult, writeFinalImages } from "../outputs/final_images.ts";
import { MetricsLog } from "../outputs/metrics_log.ts";
import { OutputError } from "../outputs/output_error.ts";
import { readPaletteText } from "../outputs/palette_preview.ts";
import { createRunFolder } from "../outputs/run_folder.ts";
import { writeFile, writeFileInFolder } from "../outputs/write_file.ts";
import { findPalette } from "../palette/find_palette.ts";
import type { Engine, EngineInputs, EngineRun } from "./engine.ts";
import { Interrupt } from "./interrupt.ts";
import { type GenerateFlags, UsageError } from "./program.ts";
import { createReporter, type Reporter } from "./reporter.ts";
import { readRequest, type Request } from "./run_request.ts";
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
  const startedAt = performance.now();
  const seconds = () => Math.round(performance.now() - startedAt) / 1000;
  const reporter = createReporter(flags.json ?? false, terminals.out, terminals.status);
  const request = await readRequest(flags);
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
    const inputs = await readInputs(request, reporter, signal);
    const makers: Engine = engine ?? (await import("./distill_engine.ts")).DISTILL_ENGINE;
    await using run = await makers.open(config, inputs);
    const folder = request.folder ?? await createRunFolder(config.output, {
      config: request.name,
      date: new Date(),
      model: basename(config.diffusion.modelId),
      size: { height: config.generator.imageH, width: config.generator.imageW },
      palette: run.paletteName,
    });
    await writeFile(join(folder, "config.yaml"), writeRunConfig(config));
    report(reporter, config, run, { folder, palette: run.paletteName });
    const verbose = flags.verbose ?? false;
    if (verbose) await writeBeginnings(folder, await run.beginnings());
    const context = { config, folder, reporter, signal, seconds, verbose };
    await makeSteps(run, context);
    reporter.preview(toImage(await run.result()));
    const { files, notes } = await writeResults(run, folder, config.savingResize);
    for (const message of notes) reporter.report({ event: "note", message });
    const interrupted = signal.aborted;
    const { evaluations } = run;
    reporter.report({ event: "done", folder, files, seconds: seconds(), evaluations, interrupted });
    return interrupted ? INTERRUPTED : 0;
  } catch (error) {
    // Stopped before there was a picture.
    if (signal.aborted && error === signal.reason) return INTERRUPTED;
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
    prompt: config.prompt,
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

interface StepContext {
  readonly config: RunConfig;
  readonly folder: string;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly verbose: boolean;
  seconds(): number;
}

/** Makes the steps and writes what they leave. */
async function makeSteps(run: EngineRun, context: StepContext): Promise<void> {
  const { config, folder, reporter, signal, seconds, verbose } = context;
  const { saveSteps, checkpointSteps, steps } = config.training;
  const isDue = (step: number, every: number) => every > 0 && step % every === 0 && step < steps;
  using metrics = await MetricsLog.open(folder, run.startStep);
  try {
    for await (const step of run.steps(signal)) {
      await metrics.append({ ...step });
      reporter.report({ event: "step", ...step, seconds: seconds() });
      if (isDue(step.step, saveSteps)) {
        await writeLog(folder, step.step, await run.result(), verbose);
      }
      if (isDue(step.step, checkpointSteps)) await writeCheckpoint(folder, await run.checkpoint());
      if (reporter.wantsPreview) reporter.preview(toImage(await run.result()));
    }
  } catch (error) {
    if (!(signal.aborted && error === signal.reason)) throw error;
  }
}

/** Writes pictures of the way under SD-piXL's names: the picture, and on `--verbose` the mixture. */
async function writeLog(
  folder: string,
  step: number,
  result: RunResult,
  verbose: boolean,
): Promise<void> {
  const path = join(folder, "png_logs", String(step));
  const hard = encodePalettePng(result, result.indices, result.palette);
  await writeFileInFolder(`${path}_hard.png`, hard);
  if (!verbose) return;
  await writeFileInFolder(`${path}_soft.png`, encodePng(Image.fromFloats(result, result.softmax)));
}

async function writeBeginnings(
  folder: string,
  pictures: Readonly<Record<string, Image>>,
): Promise<void> {
  for (const [name, image] of Object.entries(pictures)) {
    await writeFile(join(folder, `${name}.png`), encodePng(image));
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
