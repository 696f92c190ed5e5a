import type { RunConfig } from "../../../config/run_config.ts";
import { Gpu } from "../../../kernels/gpu/gpu.ts";
import { Interrupt } from "../../../lib/cli/commands/interrupt.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { describeEnvironment } from "../bench_environment.ts";
import { BENCH_HELP, type BenchOptions, parseBenchOptions } from "./bench_options.ts";
import { pictureFingerprint, teacherFingerprint } from "./fingerprint.ts";
import { Journal, type JournalEntry } from "./journal.ts";
import { Classifier, MissingClassifierError } from "./classifier.ts";
import { makePictures, type Workshop } from "./make_picture.ts";
import { PictureFiles, readInput } from "./picture_files.ts";
import { type Job, jobConfig, jobKey } from "./recipe.ts";
import type { Result } from "./results_table.ts";
import { scorePicture } from "./score_picture.ts";
import { writeResults } from "./write_results.ts";

/** A job with the inputs of its picture. */
interface Task {
  readonly job: Job;
  readonly key: string;
  readonly config: RunConfig;
  readonly fingerprint: string;
}

/** Exit code after Ctrl-C. */
const STOPPED = 130;

/**
 * Makes the missing pictures, then scores and shows all.
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
  using interrupt = new Interrupt(() =>
    say("Stopping after this step; finished pictures are kept …")
  );
  await makeAll(tasks, { journal, pictures, gpu, batch, signal: interrupt.signal });
  await using classifier = await openClassifier(options.classifier);
  const results = await scoreAll(tasks, { journal, pictures, classifier });
  const code = interrupt.signal.aborted ? STOPPED : 0;
  if (results.length === 0) return code;
  const settings = overrides.length > 0 ? `, with ${overrides.join(", ")}` : "";
  const runtimes = namesOf(results, "runtime");
  const source = `Teacher "${model}" (${teacher})${settings}; networks on ${runtimes}; ` +
    `${describeEnvironment(namesOf(results, "adapter"))}.`;
  const heading =
    `# Recipes\n\n${source} ${
      classifier ? "Classified" : "Not classified"
    }. Means over pictures. ` +
    `Seconds exclude loading${sharesOf(results)}. Peak MB is the memory of the whole program, ` +
    `with all loaded networks.\n`;
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

/** Names the runtimes or adapters of the results. */
function namesOf(results: readonly Result[], what: "runtime" | "adapter"): string {
  return [...new Set(results.map(({ made }) => made[what]))].join(", ");
}

/** Says where seconds are shares of a batch. */
function sharesOf(results: readonly Result[]): string {
  const counts = [...new Set(results.map(({ made }) => made.batchSize ?? 1))].sort((a, b) => a - b);
  if (counts.every((count) => count === 1)) return "";
  return `, divided by the batch size (${counts.join(" or ")})`;
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
  say(`${tasks.length} pictures, of which ${tasks.length - open.length} exist`);
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

/** Groups tasks that can share teacher calls, in the order in which groups are full. */
function groupsOf(tasks: readonly Task[], maxSize: number): Task[][] {
  const full: Task[][] = [];
  const growing = new Map<string, Task[]>();
  for (const task of tasks) {
    const { job: { recipe, set, size } } = task;
    const name = `${recipe.name} ${set} ${size}`;
    const group = [...growing.get(name) ?? [], task];
    growing.set(name, group);
    if (group.length < maxSize) continue;
    full.push(group);
    growing.delete(name);
  }
  return [...full, ...growing.values()];
}

function describeCost(
  { teacherCalls, seconds, loadSeconds, peakBytes, batchSize = 1 }: JournalEntry,
): string {
  const share = batchSize > 1 ? `, share of a batch of ${batchSize}` : "";
  return `${teacherCalls} teacher calls, ${seconds.toFixed(1)} s (and ${
    loadSeconds.toFixed(1)
  } s ` +
    `of loading)${share}, ${Math.round(peakBytes / 1e6)} MB`;
}

async function scoreAll(
  tasks: readonly Task[],
  { journal, pictures, classifier }: {
    readonly journal: Journal;
    readonly pictures: PictureFiles;
    readonly classifier: Classifier | undefined;
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
      classifier,
    });
    results.push({ job, made, scores });
  }
  return results;
}

async function openClassifier(path: string): Promise<Classifier | undefined> {
  try {
    return await Classifier.open(path);
  } catch (error) {
    if (!(error instanceof MissingClassifierError)) throw error;
    say(`${error.message}. The columns top-1, top-5 and p are omitted`);
    return undefined;
  }
}

/** Prints a result. */
function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/** Prints a progress line. */
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
