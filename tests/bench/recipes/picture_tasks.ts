import type { RunConfig } from "../../../config/run_config.ts";
import type { BenchOptions } from "./bench_options.ts";
import { pictureFingerprint } from "./fingerprint.ts";
import { readInput } from "./picture_files.ts";
import { type Job, jobConfig, jobKey } from "./recipe.ts";

/** A job with the inputs of its picture. */
export interface Task {
  /** The job. */
  readonly job: Job;
  /** Its key. */
  readonly key: string;
  /** Its config. */
  readonly config: RunConfig;
  /** Hash of its inputs. */
  readonly fingerprint: string;
}

/** A part of the work: every count-th group of pictures, from the index-th. */
export interface Shard {
  /** Index from 0. */
  readonly index: number;
  /** Number of parts. */
  readonly count: number;
}

/**
 * Lists the tasks of a benchmark in groups that can share teacher calls.
 *
 * @param teacher Hash of the teacher.
 * @returns The groups of the shard, or all.
 */
export async function listTasks(options: BenchOptions, teacher: string): Promise<Task[][]> {
  const { jobs, batch, shard } = options;
  // Many jobs have the same input image, and a decoded one is large.
  const tasks: Task[] = [];
  for (const [prompt, some] of Map.groupBy(jobs, (job) => job.prompt)) {
    const input = (await readInput(prompt))?.data;
    tasks.push(...await Promise.all(some.map((job) => taskOf(job, { options, teacher, input }))));
  }
  const groups = groupTasks(tasks, batch);
  return shard ? groups.filter((_, i) => i % shard.count === shard.index) : groups;
}

async function taskOf(
  job: Job,
  { options, teacher, input }: {
    readonly options: BenchOptions;
    readonly teacher: string;
    readonly input: Uint8Array | undefined;
  },
): Promise<Task> {
  const config = jobConfig(job, options);
  const fingerprint = await pictureFingerprint({ config, input, teacher });
  return { job, key: jobKey(job), config, fingerprint };
}

/** Groups tasks of one recipe, set and size, in the order in which groups are full. */
export function groupTasks<T extends { readonly job: Job }>(
  tasks: readonly T[],
  maxSize: number,
): T[][] {
  const full: T[][] = [];
  const growing = new Map<string, T[]>();
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
