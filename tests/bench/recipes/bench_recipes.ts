import { Gpu } from "../../../kernels/gpu/gpu.ts";
import { Interrupt } from "../../../lib/cli/commands/interrupt.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { describeEnvironment } from "../bench_environment.ts";
import { BENCH_HELP, type BenchOptions, parseBenchOptions } from "./bench_options.ts";
import { scoresFingerprint, teacherFingerprint } from "./fingerprint.ts";
import { Journal, type JournalEntry, type ScoreEntry } from "./journal.ts";
import { CaptionJudge } from "./judge/caption_judge.ts";
import { JUDGE_FOLDER } from "./judge/judge.ts";
import { makePictures, type Workshop } from "./make_picture.ts";
import { PictureFiles, readInput } from "./picture_files.ts";
import { listTasks, type Task } from "./picture_tasks.ts";
import { PROMPT_SETS } from "./prompts.ts";
import { jobConfig, jobKey } from "./recipe.ts";
import type { Result } from "./results_table.ts";
import { scorePicture } from "./score_picture.ts";
import { describeEstimate, estimateTime } from "./time_estimate.ts";
import { writeResults } from "./write_results.ts";

/** Exit code after Ctrl-C. */
const STOPPED = 130;

/** Where pictures and scores are kept. */
interface Books {
  readonly made: Journal<JournalEntry>;
  readonly scores: Journal<ScoreEntry>;
  readonly pictures: PictureFiles;
  readonly judge: CaptionJudge | undefined;
}

/**
 * Makes and scores the missing pictures, then shows all.
 *
 * @returns The exit code.
 */
async function bench(options: BenchOptions): Promise<number> {
  const { output, jobs, shard, tablesOnly } = options;
  await using judge = await openJudge(options.judge);
  const teacher = await teacherFingerprint(jobConfig(jobs[0]!, options).diffusion);
  const part = shard && `${shard.index + 1}of${shard.count}`;
  const books: Books = {
    made: await Journal.open(output, "made", part),
    scores: await Journal.open(output, "scores", part),
    pictures: new PictureFiles(output),
    judge,
  };
  // All sets, sizes, palettes and seeds are many thousands of jobs, and each config takes a while.
  const wanted = tablesOnly ? jobs.filter((job) => books.made.has(jobKey(job))) : jobs;
  const groups = await listTasks({ ...options, jobs: wanted }, teacher);
  const isStopped = !tablesOnly && await makeOpen(groups, books);
  const results: Result[] = [];
  for (const task of groups.flat()) {
    const result = await resultOf(task, books);
    if (result) results.push(result);
  }
  if (shard) {
    say(`Part ${shard.index + 1} of ${shard.count} is done; the tables are made without --shard`);
  } else if (results.length > 0) await show(results, { ...options, teacher });
  return isStopped ? STOPPED : 0;
}

/** Opens the judge; undefined if there are no weights at the default location. */
async function openJudge(folder: string): Promise<CaptionJudge | undefined> {
  const captions = Object.values(PROMPT_SETS).flat().flatMap(({ name }) => name ?? []);
  try {
    return await CaptionJudge.open(folder, captions);
  } catch (error) {
    if (folder !== JUDGE_FOLDER) throw error;
    say(`${(error as Error).message}. The columns top-1, top-5, rank and p are omitted`);
    return undefined;
  }
}

/** Makes the missing pictures. Returns whether the user stopped it. */
async function makeOpen(groups: readonly (readonly Task[])[], books: Books): Promise<boolean> {
  using gpu = await Gpu.request();
  using interrupt = new Interrupt(() =>
    say("Stopping after this step; finished pictures are kept …")
  );
  await makeAll(groups, books, { gpu, signal: interrupt.signal });
  return interrupt.signal.aborted;
}

async function makeAll(
  groups: readonly (readonly Task[])[],
  books: Books,
  { gpu, signal }: Omit<Workshop, "pool">,
): Promise<void> {
  const { made, pictures } = books;
  const isOpen = ({ key, fingerprint }: Task) => !made.find(key, fingerprint);
  const open = groups.map((group) => group.filter(isOpen)).filter((group) => group.length > 0);
  const total = open.flat().length;
  say(`${groups.flat().length} pictures, of which ${groups.flat().length - total} exist`);
  if (total > 0) say(`To do: ${describeEstimate(estimateTime(open.flat(), made.entries()))}`);
  await using pool = new SessionPool();
  let count = 0;
  for (const [i, group] of open.entries()) {
    try {
      const jobs = await Promise.all(group.map(async ({ job: { prompt }, config }) => {
        return { config, image: await readInput(prompt) };
      }));
      const some = await makePictures(jobs, { gpu, pool, signal });
      for (const [k, task] of group.entries()) {
        await pictures.write(task.key, some[k]!);
        const entry = { key: task.key, fingerprint: task.fingerprint, ...some[k]!.cost };
        await made.add(entry);
        await resultOf(task, books);
        say(`[${++count}/${total}] ${task.key}: ${describeCost(entry)}`);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      return;
    }
    const rest = open.slice(i + 1).flat();
    if (rest.length > 0) say(`Left: ${describeEstimate(estimateTime(rest, made.entries()))}`);
  }
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

/** Returns a picture's result, scored if it is not yet; undefined if it is not made. */
async function resultOf(
  { job, key, fingerprint }: Task,
  { made, scores, pictures, judge }: Books,
): Promise<Result | undefined> {
  const entry = made.find(key, fingerprint);
  if (!entry) return undefined;
  const scored = await scoresFingerprint(entry, await judge?.fingerprint() ?? "none");
  const known = scores.find(key, scored);
  if (known) return { job, made: entry, scores: known.scores };
  const fresh = await scorePicture(await pictures.read(key), {
    prompt: job.prompt,
    palette: await findPalette(job.palette),
    input: await readInput(job.prompt),
    judge,
  });
  await scores.add({ key, fingerprint: scored, scores: fresh });
  return { job, made: entry, scores: fresh };
}

async function show(
  results: readonly Result[],
  { model, teacher, overrides, output }: BenchOptions & { readonly teacher: string },
): Promise<void> {
  const settings = overrides.length > 0 ? `, with ${overrides.join(", ")}` : "";
  const runtimes = namesOf(results, "runtime");
  const source = `Teacher "${model}" (${teacher})${settings}; networks on ${runtimes}; ` +
    `${describeEnvironment(namesOf(results, "adapter"))}.`;
  const heading =
    `# Recipes\n\n${source} Means over prompts, ± their standard error. Seconds exclude loading` +
    `${sharesOf(results)}. Peak MB is the memory of the whole program, with all loaded networks.\n`;
  print(await writeResults(results, { output, heading, source }));
  say(`Written: results.md, quality.svg, metrics.jsonl and sheets of pictures in ${output}`);
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
