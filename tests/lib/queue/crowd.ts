import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { JobServer } from "../../../lib/queue/job_server.ts";
import type { PictureResult } from "../../../lib/queue/job_files.ts";
import { encodeJob, type JobData, jobId } from "../../../lib/queue/picture_job.ts";
import { type AddOptions, PictureQueue } from "../../../lib/queue/picture_queue.ts";
import { parseServerAddress } from "../../../lib/queue/server_address.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { WorkerProcess, type WorkerSetup } from "./worker_processes.ts";

/** Returns options of jobs. */
export function addOptions(part: Partial<AddOptions> = {}): AddOptions {
  return { priority: 100, maxWaiting: 10_000, signal: new AbortController().signal, ...part };
}

/** Returns a job of a painted picture of 8x8 pixels with a number of steps. */
export async function paintedJob(prompt: string, steps: number, seed: number = 0) {
  const config = resolveRunConfig({
    prompt,
    seed,
    generator: { imageH: 8, imageW: 8, palette: "game-boy" },
    training: { steps },
    savingResize: 0,
  });
  const data = encodeJob({ config, palette: await findPalette("game-boy"), image: undefined });
  return { id: await jobId(data), data, steps };
}

/** A job of a crowd. */
export type CrowdJob = Awaited<ReturnType<typeof paintedJob>>;

/** Makes jobs that differ. */
export async function crowd(count: number): Promise<CrowdJob[]> {
  return await Promise.all(
    Array.from({ length: count }, (_, i) => paintedJob(`job ${i}`, 10 + i % 30, i)),
  );
}

/** Connects to a server of a test. */
export async function connectTo(port: number): Promise<JobServer> {
  return await JobServer.connect(parseServerAddress(`redis://127.0.0.1:${port}`));
}

/** What happened to a crowd. */
export interface CrowdReport {
  /** Workers that were killed, and those that had a job in progress. */
  readonly kills: number;
  readonly busyKills: number;
  /** Runs that continued from the state of another worker. */
  readonly resumed: number;
  /** Jobs that a worker took. */
  readonly taken: number;
  /** How often the server said that each job is done. */
  readonly completions: ReadonlyMap<string, number>;
  /** Seconds from the first job to the last result. */
  readonly seconds: number;
}

/** Options of {@linkcode surviveKills}. */
export interface CrowdOptions {
  /** The workers. */
  readonly setup: WorkerSetup;
  /** How many there are. */
  readonly workers: number;
  /** Milliseconds between two kills. */
  readonly killMs: number;
  /** Kills at most. Default: without limit. */
  readonly maxKills?: number;
  /** Also done at times, such as a restart of the server, in milliseconds from the start. */
  readonly disturbances?: readonly { readonly atMs: number; run(): Promise<void> }[];
  /** Time for all, in milliseconds. */
  readonly timeoutMs: number;
}

/** Has jobs made by workers that are killed (-9) again and again, and replaced. */
export async function surviveKills(
  jobs: readonly { readonly id: string; readonly data: JobData }[],
  options: CrowdOptions,
): Promise<CrowdReport> {
  const { setup, workers: count, killMs, maxKills = Infinity, disturbances = [], timeoutMs } =
    options;
  await using server = await connectTo(setup.port);
  const completions = new Map<string, number>();
  const events = await server.listen();
  events.on("completed", ({ jobId: id }) => completions.set(id, (completions.get(id) ?? 0) + 1));
  const workers = Array.from({ length: count }, () => new WorkerProcess(setup));
  const all = [...workers];
  let [kills, busyKills, victim] = [0, 0, 0];
  const done = new AbortController();
  const killing = (async () => {
    while (!done.signal.aborted) {
      await pauseUnlessAborted(killMs, done.signal);
      if (done.signal.aborted) return;
      // As a service manager does: one that found no server has ended.
      for (const [i, worker] of workers.entries()) {
        if (worker.isEnded) all.push(workers[i] = new WorkerProcess(setup));
      }
      const which = victim++ % count;
      const worker = workers[which]!;
      if (kills >= maxKills) continue;
      // One that has not started yet has nothing to lose.
      if (!worker.events.some(({ event }) => event === "ready")) continue;
      await worker.end("SIGKILL");
      kills++;
      if (worker.events.at(-1)?.event === "taken") busyKills++;
      all.push(workers[which] = new WorkerProcess(setup));
    }
  })();
  const startedAt = performance.now();
  const running = disturbances.map(async ({ atMs, run }) => {
    await pauseUnlessAborted(atMs, done.signal);
    if (!done.signal.aborted) await run();
  });
  try {
    const queue = new PictureQueue(server);
    const failures: string[] = [];
    await queue.watch(new Map(jobs.map(({ id, data }) => [id, data])), {
      ...addOptions({ signal: AbortSignal.timeout(timeoutMs) }),
      onAdded: () => {},
      onUpdate(id, update) {
        if (update.type === "failed") failures.push(`${id}: ${update.message}`);
      },
    });
    assert.deepEqual(failures, []);
  } finally {
    done.abort();
    await killing;
    await Promise.all(running);
    await Promise.all(workers.map((worker) => worker.end("SIGKILL")));
    await events.close();
  }
  const taken = all.flatMap((worker) => worker.events.filter(({ event }) => event === "taken"));
  return {
    kills,
    busyKills,
    taken: taken.length,
    resumed: taken.filter(({ resumedFrom }) => resumedFrom! > 0).length,
    completions,
    seconds: (performance.now() - startedAt) / 1000,
  };
}

async function pauseUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Checks that each job has one whole result, and nothing else is left in the store. */
export async function checkResults(jobs: readonly CrowdJob[], store: string): Promise<void> {
  const folders = Array.from(Deno.readDirSync(`${store}/results`), ({ name }) => name);
  assert.deepEqual(folders.sort(), jobs.map(({ id }) => id).sort());
  for (const { id, steps } of jobs) {
    const folder = `${store}/results/${id}`;
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    const { files }: PictureResult = JSON.parse(await Deno.readTextFile(`${folder}/result.json`));
    const expected = ["config.yaml", "final_argmax.png", "final_softmax.png", "metrics.jsonl"];
    assert.deepEqual(Object.keys(files).sort(), expected);
    // A killed worker may leave files without their names.
    const own = names.filter((name) => !/\.(tmp|new)$/.test(name));
    assert.deepEqual(own, [...expected, "result.json"].sort());
    for (const [name, hash] of Object.entries(files)) {
      const content = await Deno.readFile(`${folder}/${name}`);
      const found = new Uint8Array(await crypto.subtle.digest("SHA-256", content)).toHex();
      assert.equal(found, hash, `${id}/${name}`);
    }
    const metrics = (await Deno.readTextFile(`${folder}/metrics.jsonl`)).trimEnd().split("\n");
    assert.deepEqual(
      metrics.map((line) => JSON.parse(line).step),
      Array.from({ length: steps }, (_, i) => i + 1),
    );
    await checkPicture(`${folder}/final_argmax.png`, steps);
  }
}

/** As many pixels as steps have color 1. */
async function checkPicture(path: string, steps: number): Promise<void> {
  const palette = await findPalette("game-boy");
  const image = await decodeImage(await Deno.readFile(path));
  const painted = palette.at(1).join();
  const colors = Array.from({ length: 64 }, (_, i) => [...image.data.subarray(4 * i, 4 * i + 3)]);
  assert.equal(colors.filter((color) => color.join() === painted).length, steps, path);
}
