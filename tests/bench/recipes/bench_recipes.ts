import type { RunConfig } from "../../../config/run_config.ts";
import { Gpu } from "../../../kernels/gpu/gpu.ts";
import { Interrupt } from "../../../lib/cli/commands/interrupt.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { findPalette } from "../../../lib/palette/find_palette.ts";
import { describeEnvironment } from "../bench_environment.ts";
import { BENCH_HELP, type BenchOptions, parseBenchOptions } from "./bench_options.ts";
import { pictureFingerprint, teacherFingerprint } from "./fingerprint.ts";
import { Journal, type JournalEntry } from "./journal.ts";
import { Judge, MissingJudgeError } from "./judge.ts";
import { makePictures, type Workshop } from "./make_picture.ts";
import { PictureFiles, readInput } from "./picture_files.ts";
import { type Job, jobConfig, jobKey } from "./recipe.ts";
import type { Result } from "./results_table.ts";
import { scorePicture } from "./score_picture.ts";
import { writeResults } from "./write_results.ts";

/** A job with all that its picture depends on. */
interface Task {
  readonly job: Job;
  readonly key: string;
  readonly config: RunConfig;
  readonly fingerprint: string;
}

/** Exit code of a program that Ctrl-C has stopped. */
const STOPPED = 130;

/**
 * Makes what is not made yet, then scores and shows all that is there.
 *
 * @returns The exit code.
 */
async function bench(options: BenchOptions): Promise<number> {
  const { model, output, overrides, jobs, batch } = options;
  const teacher = await teacherFingerprint(jobConfig(jobs[0]!, options).diffusion);
  const tasks = await Promise.all(jobs.map((job) => taskOf(job, options, teacher)));
  const journal = await Journal.open(output);
  const pictures = new PictureFiles(output);
  using gpu = await Gpu.request();
  using interrupt = new Interrupt(() => say("Stopping after this step; what is made is kept …"));
  await makeAll(tasks, { journal, pictures, gpu, batch, signal: interrupt.signal });
  await using judge = await openJudge(options.judge);
  const results = await scoreAll(tasks, { journal, pictures, judge });
  const code = interrupt.signal.aborted ? STOPPED : 0;
  if (results.length === 0) return code;
  const settings = overrides.length > 0 ? `, with ${overrides.join(", ")}` : "";
  const runtimes = namesOf(results, "runtime");
  const source = `Teacher "${model}" (${teacher})${settings}; networks on ${runtimes}; ` +
    `${describeEnvironment(namesOf(results, "adapter"))}.`;
  const heading =
    `# Recipes\n\n${source} ${judge ? "Judged" : "Not judged"}. Means over pictures. ` +
    `Seconds are without those of loading${sharesOf(results)}. Peak MB is that of the whole ` +
    `program, with all networks that it had loaded.\n`;
  print(await writeResults(results, { output, heading, source }));
  say(`Written: results.md, quality.svg, metrics.jsonl and sheets of pictures in ${output}`);
  return code;
}

async function taskOf(job: Job, options: BenchOptions, teacher: string): Promise<Task> {
  const config = jobConfig(job, options);
  const input = (await readInput(job.prompt))?.data;
  const fingerprint = await pictureFingerprint({ config, input, teacher });
  return { job, key: jobKey(job), config, fingerprint };
}

/** Names what made the pictures. */
function namesOf(results: readonly Result[], what: "runtime" | "adapter"): string {
  return [...new Set(results.map(({ made }) => made[what]))].join(", ");
}

/** Says where seconds are shares of pictures that were made at once. */
function sharesOf(results: readonly Result[]): string {
  const counts = [...new Set(results.map(({ made }) => made.atOnce ?? 1))].sort((a, b) => a - b);
  if (counts.every((count) => count === 1)) return "";
  return `, and the share of one of ${counts.join(" or ")} pictures that were made at once`;
}

async function makeAll(
  tasks: readonly Task[],
  { journal, pictures, gpu, batch, signal }: Omit<Workshop, "pool"> & {
    readonly journal: Journal;
    readonly pictures: PictureFiles;
    readonly batch: number;
  },
): Promise<void> {
  const open = tasks.filter(({ key, fingerprint }) => !journal.find(key, fingerprint));
  say(`${tasks.length} pictures, of which ${tasks.length - open.length} are made already`);
  await using pool = new SessionPool();
  let count = 0;
  for (const group of groupsOf(open, batch)) {
    try {
      const jobs = await Promise.all(group.map(async ({ job: { prompt }, config }) => {
        return { config, image: await readInput(prompt) };
      }));
      const made = await makePictures(jobs, { gpu, pool, signal });
      for (const [i, { key, fingerprint }] of group.entries()) {
        await pictures.write(key, made[i]!);
        const entry = { key, fingerprint, ...made[i]!.cost };
        await journal.add(entry);
        say(`[${++count}/${open.length}] ${key}: ${describeCost(entry)}`);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      return;
    }
  }
}

/** Puts tasks together that can share evaluations, in the order in which groups are full. */
function groupsOf(tasks: readonly Task[], largest: number): Task[][] {
  const full: Task[][] = [];
  const growing = new Map<string, Task[]>();
  for (const task of tasks) {
    const { job: { recipe, set, size } } = task;
    const name = `${recipe.name} ${set} ${size}`;
    const group = [...growing.get(name) ?? [], task];
    growing.set(name, group);
    if (group.length < largest) continue;
    full.push(group);
    growing.delete(name);
  }
  return [...full, ...growing.values()];
}

function describeCost(
  { evaluations, seconds, loadSeconds, peakBytes, atOnce = 1 }: JournalEntry,
): string {
  const share = atOnce > 1 ? `, its share of ${atOnce} pictures at once` : "";
  return `${evaluations} evaluations, ${seconds.toFixed(1)} s (and ${loadSeconds.toFixed(1)} s ` +
    `of loading)${share}, ${Math.round(peakBytes / 1e6)} MB`;
}

async function scoreAll(
  tasks: readonly Task[],
  { journal, pictures, judge }: {
    readonly journal: Journal;
    readonly pictures: PictureFiles;
    readonly judge: Judge | undefined;
  },
): Promise<Result[]> {
  const results: Result[] = [];
  for (const { job, key, fingerprint } of tasks) {
    const made = journal.find(key, fingerprint);
    if (!made) continue;
    const scores = await scorePicture(await pictures.read(key), {
      prompt: job.prompt,
      palette: await findPalette(job.palette),
      input: await readInput(job.prompt),
      judge,
    });
    results.push({ job, made, scores });
  }
  return results;
}

async function openJudge(path: string): Promise<Judge | undefined> {
  try {
    return await Judge.open(path);
  } catch (error) {
    if (!(error instanceof MissingJudgeError)) throw error;
    say(`${error.message}. The columns top-1, top-5 and p are left out`);
    return undefined;
  }
}

/** Prints a result. */
function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/** Tells what happens. */
function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  try {
    const options = parseBenchOptions(Deno.args);
    if (options) Deno.exit(await bench(options));
    print(BENCH_HELP);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
