import type { RunConfig } from "../../../config/run_config.ts";
import { Gpu } from "../../../kernels/gpu/gpu.ts";
import { decodeImage } from "../../../lib/image/decode_image.ts";
import { encodeIndexedPng, encodePng } from "../../../lib/image/encode_png.ts";
import type { Image } from "../../../lib/image/image.ts";
import { Interrupt } from "../../../lib/launch/interrupt.ts";
import { runtimeFile } from "../../../lib/onnx/session.ts";
import { SessionPool } from "../../../lib/onnx/session_pool.ts";
import { writeFile, writeFileInFolder } from "../../../lib/outputs/write_file.ts";
import { findPalette } from "../../../lib/palette/find_palette.ts";
import { BENCH_HELP, type BenchOptions, parseBenchOptions } from "./bench_options.ts";
import { contactSheet, type SheetCell } from "./contact_sheet.ts";
import { pictureFingerprint, teacherFingerprint } from "./fingerprint.ts";
import { Journal, type JournalEntry } from "./journal.ts";
import { Judge, MissingJudgeError } from "./judge.ts";
import { makePicture, type Workshop } from "./make_picture.ts";
import type { Prompt } from "./prompts.ts";
import { type Job, jobConfig, jobKey } from "./recipe.ts";
import { type Result, resultsTables } from "./results_table.ts";
import { scorePicture } from "./score_picture.ts";

/** A job with all that it depends on. */
interface Task {
  readonly job: Job;
  readonly key: string;
  readonly config: RunConfig;
  readonly fingerprint: string;
}

/** Makes what is not made yet, then scores and shows all that is there. */
async function bench(options: BenchOptions): Promise<void> {
  const tasks = await listTasks(options);
  const journal = await Journal.open(options.output);
  using interrupt = new Interrupt(() => say("Stopping after this step; what is made is kept …"));
  const adapter = await makeAll(tasks, journal, options.output, interrupt.signal);
  const results = await scoreAll(tasks, journal, options.output);
  if (results.length === 0) return;
  await writeResults(results, options, adapter);
}

async function listTasks(options: BenchOptions): Promise<Task[]> {
  const teachers = new Map<string, Promise<string>>();
  const tasks: Task[] = [];
  for (const job of options.jobs) {
    const config = jobConfig(job, options);
    const { modelId } = config.diffusion;
    const teacher = teachers.get(modelId) ?? teacherFingerprint(config.diffusion);
    teachers.set(modelId, teacher);
    const parts = { config, finish: job.recipe.finish };
    const fingerprint = await pictureFingerprint(parts, await teacher);
    tasks.push({ job, key: jobKey(job), config, fingerprint });
  }
  return tasks;
}

/** Returns the name of the adapter. */
async function makeAll(
  tasks: readonly Task[],
  journal: Journal,
  output: string,
  signal: AbortSignal,
): Promise<string> {
  const open = tasks.filter(({ key, fingerprint }) => !journal.find(key, fingerprint));
  say(`${tasks.length} pictures, of which ${tasks.length - open.length} are made already`);
  using gpu = await Gpu.request();
  await using pool = new SessionPool();
  for (const [i, task] of open.entries()) {
    try {
      const entry = await make(task, { gpu, pool, signal }, output);
      await journal.add(entry);
      say(`[${i + 1}/${open.length}] ${task.key}: ${describeCost(entry)}`);
    } catch (error) {
      if (!signal.aborted) throw error;
      break;
    }
  }
  return gpu.adapterName;
}

async function make(task: Task, workshop: Workshop, output: string): Promise<JournalEntry> {
  const { job: { recipe, prompt, size }, key, fingerprint, config } = task;
  const image = await readInput(prompt);
  const { indices, palette, cost } = await makePicture({ recipe, config, image }, workshop);
  const png = encodeIndexedPng({ height: size, width: size }, indices, palette.colors);
  await writeFileInFolder(picturePath(output, key), png);
  return { key, fingerprint, ...cost };
}

function describeCost({ evaluations, seconds, loadSeconds, peakBytes }: JournalEntry): string {
  return `${evaluations} evaluations, ${seconds.toFixed(1)} s (and ${loadSeconds.toFixed(1)} s ` +
    `of loading), ${Math.round(peakBytes / 1e6)} MB`;
}

async function scoreAll(
  tasks: readonly Task[],
  journal: Journal,
  output: string,
): Promise<Result[]> {
  await using judge = await openJudge();
  const results: Result[] = [];
  for (const { job, key, fingerprint } of tasks) {
    const made = journal.find(key, fingerprint);
    if (!made) continue;
    const scores = await scorePicture(await readPicture(picturePath(output, key)), {
      prompt: job.prompt,
      palette: await findPalette(job.palette),
      input: await readInput(job.prompt),
      judge,
    });
    results.push({ job, made, scores });
  }
  return results;
}

async function openJudge(): Promise<Judge | undefined> {
  try {
    return await Judge.open();
  } catch (error) {
    if (!(error instanceof MissingJudgeError)) throw error;
    say(`${error.message}. The columns top-1, top-5 and p are left out`);
    return undefined;
  }
}

async function writeResults(
  results: readonly Result[],
  options: BenchOptions,
  adapter: string,
): Promise<void> {
  const { output } = options;
  const lines = results.map(({ job, made, scores }) => {
    const { recipe, set, prompt, size, palette, seed } = job;
    return JSON.stringify({
      ...{ recipe: recipe.name, set, prompt: prompt.prompt, size, palette, seed },
      ...made,
      ...scores,
    });
  });
  await writeFile(`${output}/metrics.jsonl`, `${lines.join("\n")}\n`);
  const tables = resultsTables(results);
  await writeFile(`${output}/results.md`, `${await heading(results, options, adapter)}\n${tables}`);
  const sheets = Map.groupBy(results, sheetName);
  for (const [name, all] of sheets) {
    await writeFile(`${output}/${name}.png`, encodePng(await drawSheet(all, output)));
  }
  Deno.stdout.writeSync(new TextEncoder().encode(`${tables}\n`));
  say(`Written: ${output}/results.md, metrics.jsonl, ${[...sheets.keys()].join(".png, ")}.png`);
}

async function heading(
  results: readonly Result[],
  { model, runtime, overrides, jobs }: BenchOptions,
  adapter: string,
): Promise<string> {
  const onnxruntime = /onnxruntime-web\D+([\d.]+)/.exec(runtimeFile("wasm") ?? "")?.[1];
  const runtimes = [...new Set(results.map(({ made }) => made.runtime))].join(", ");
  const teacher = await teacherFingerprint(
    jobConfig(jobs[0]!, { model, runtime, overrides }).diffusion,
  );
  const settings = overrides.length > 0 ? `, with ${overrides.join(", ")}` : "";
  return `# Recipes\n\nTeacher "${model}" (${teacher})${settings}; networks on ${runtimes}; ` +
    `adapter ${adapter}; Deno ${Deno.version.deno}, onnxruntime-web ${onnxruntime}. ` +
    `Means over pictures. Peak MB is of the whole program.\n`;
}

function sheetName({ job: { set, size, palette, seed } }: Result): string {
  return `sheet_${set}_${size}_${palette}_${seed}`;
}

async function drawSheet(results: readonly Result[], output: string): Promise<Image> {
  const recipes = [...new Set(results.map(({ job }) => job.recipe.name))];
  const hasInput = results.some(({ job }) => job.prompt.image !== undefined);
  const rows = [];
  for (const all of Map.groupBy(results, ({ job }) => job.prompt.id).values()) {
    const { prompt } = all[0]!.job;
    const input = await readInput(prompt);
    const cells: (SheetCell | undefined)[] = hasInput ? [input && { picture: input }] : [];
    for (const recipe of recipes) {
      const result = all.find(({ job }) => job.recipe.name === recipe);
      cells.push(result && await cellOf(result, output));
    }
    rows.push({ label: prompt.prompt, cells });
  }
  return contactSheet([...(hasInput ? ["input"] : []), ...recipes], rows);
}

async function cellOf({ made, scores }: Result, output: string): Promise<SheetCell> {
  const { guess, probability, top1 } = scores;
  const caption = guess === undefined
    ? { text: `${made.evaluations} evaluations` }
    : { text: `${guess} ${probability!.toFixed(2)}`, isGood: top1 === 1 };
  return { picture: await readPicture(picturePath(output, made.key)), caption };
}

function picturePath(output: string, key: string): string {
  return `${output}/pictures/${key}.png`;
}

async function readInput({ image }: Prompt): Promise<Image | undefined> {
  if (image === undefined) return undefined;
  return await decodeImage(await Deno.readFile(new URL(image, import.meta.url)), { name: image });
}

async function readPicture(path: string): Promise<Image> {
  return await decodeImage(await Deno.readFile(path), { name: path });
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  try {
    const options = parseBenchOptions(Deno.args);
    if (options) await bench(options);
    else Deno.stdout.writeSync(new TextEncoder().encode(BENCH_HELP));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
