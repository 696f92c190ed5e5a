import { resolveSources } from "../../../config/resolve_run_config.ts";
import { sourcesOfFlags } from "../../../lib/cli/flags/config_from_flags.ts";
import type { BenchFlags } from "../../../lib/launcher/bench_flags.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { encodeJob, jobId } from "../../../lib/queue/picture_job.ts";
import { PictureQueue } from "../../../lib/queue/picture_queue.ts";
import { addOptions, connectTo } from "../../lib/queue/crowd.ts";
import { WorkerProcess } from "../../lib/queue/worker_processes.ts";
import { RedisServer } from "../../support/redis_server.ts";
import { runProgram } from "./run_program.ts";

/** Options of {@linkcode measureThroughput}. */
export interface ThroughputOptions {
  /** Flags of the benchmark. */
  readonly flags: BenchFlags;
  /** Folder of all data. */
  readonly folder: string;
  /** Prints a line. */
  say(line: string): void;
  /** Measured pictures for each worker. */
  readonly jobs: number;
  /** Numbers of workers, one measurement each. */
  readonly workers: readonly number[];
}

/** Pictures for each worker before the measurement: they load and compile. */
const WARM_UP = 2;
const TIMEOUT_MS = 3600_000;

/**
 * Measures pictures a minute with several numbers of workers, on the GPUs of a machine in turn. The
 * ideal is the rate of one worker times the workers, of which each GPU counts once.
 */
export async function measureThroughput(options: ThroughputOptions): Promise<void> {
  const { flags, folder, say, workers, jobs } = options;
  const adapters = await findAdapters(flags);
  say(
    `GPUs: ${
      adapters.length === 0 ? "the only one" : adapters.join(", ")
    }; deno ${Deno.version.deno}`,
  );
  say(
    `${flags.get("--preset")} of ${
      flags.get("--size")
    }, ${jobs} pictures a worker after ${WARM_UP}`,
  );
  say("");
  say("| workers | GPUs | pictures a minute | of the ideal | GPU use, each | machine |");
  say("| ------: | ---: | ----------------: | -----------: | :------------ | :------ |");
  let single: number | undefined;
  const warnings: string[] = [];
  for (const count of workers) {
    const { rate, machines, use } = await measure(count, { ...options, folder }, adapters);
    if (count === 1) single = rate;
    const gpus = Math.min(count, Math.max(1, adapters.length));
    const share = single === undefined ? "" : (rate / (single * gpus)).toFixed(2);
    const shown = use?.map((mean) => `${mean.toFixed(0)} %`).join(", ") ?? "not known";
    say(
      `| ${count} | ${gpus} | ${rate.toFixed(2)} | ${share} | ${shown} | ${machines.join("; ")} |`,
    );
    const warning = sharingWarning(use, gpus);
    if (warning !== undefined) warnings.push(`${count} workers: ${warning}`);
  }
  for (const warning of warnings) say(`\n${warning}`);
}

/**
 * Tells if workers that were to have a GPU each shared one: not each layer for the selection of
 * devices obeys `DRI_PRIME`, and then the share of the ideal is one of fewer GPUs.
 *
 * @param use Mean use of each GPU of the machine in percent; undefined if it is not known.
 * @param gpus Number of GPUs that the workers were told to use.
 * @returns A sentence, or undefined if as many GPUs worked.
 */
export function sharingWarning(
  use: readonly number[] | undefined,
  gpus: number,
): string | undefined {
  if (use === undefined) return undefined;
  const working = use.filter((mean) => mean > 0).length;
  if (working >= gpus) return undefined;
  return `only ${working} of ${gpus} GPUs worked, so workers shared them (README.md says how ` +
    "each worker gets its own)";
}

async function measure(
  count: number,
  { flags, folder, jobs }: ThroughputOptions,
  adapters: readonly string[],
) {
  const root = `${folder}/throughput_${count}`;
  await Deno.remove(root, { recursive: true }).catch(() => undefined);
  const [data, store, scratch] = [`${root}/data`, `${root}/store`, `${root}/scratch`];
  for (const path of [data, store, scratch]) await Deno.mkdir(path, { recursive: true });
  await using server = await RedisServer.start(data);
  const model = flags.get("--model")!;
  const started = Array.from({ length: count }, (_, i) => {
    const adapter = adapters[i % adapters.length];
    return new WorkerProcess({
      port: server.port,
      store,
      scratch,
      flags: ["--model", model, "--runtime", flags.get("--runtime")!],
      ...adapter === undefined ? {} : { adapter },
    });
  });
  try {
    const ready = await Promise.all(started.map((worker) => worker.until("ready", TIMEOUT_MS)));
    const machines = new Set(ready.map(({ machine }) => String(machine)));
    await using connection = await connectTo(server.port);
    const queue = new PictureQueue(connection);
    await makeAll(queue, flags, { count: WARM_UP * count, seed: 0 });
    const usage = measureUse();
    const startedAt = performance.now();
    await makeAll(queue, flags, { count: jobs * count, seed: 1000 });
    const minutes = (performance.now() - startedAt) / 60_000;
    return { rate: jobs * count / minutes, machines: [...machines], use: await usage.end() };
  } finally {
    await Promise.all(started.map((worker) => worker.end("SIGKILL")));
  }
}

async function makeAll(
  queue: PictureQueue,
  flags: BenchFlags,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<void> {
  const palette = await findPalette("sweetie-16");
  const jobs = await Promise.all(Array.from({ length: count }, async (_, i) => {
    const { config } = resolveSources(sourcesOfFlags({
      prompt: ["a red potion"],
      seed: String(seed + i),
      preset: flags.get("--preset")!,
      size: flags.get("--size")!,
      model: flags.get("--model")!,
    }));
    const data = encodeJob({ config, palette, image: undefined });
    return [await jobId(data), data] as const;
  }));
  const failures: string[] = [];
  await queue.watch(new Map(jobs), {
    ...addOptions({ signal: AbortSignal.timeout(TIMEOUT_MS) }),
    onAdded: () => {},
    onUpdate: (_, update) => {
      if (update.type === "failed") failures.push(update.message);
    },
  });
  if (failures.length > 0) throw new Error(`Cannot measure: ${failures[0]}`);
}

/** Returns the GPUs that are typed, or those of nvidia-smi by Mesa's names. */
async function findAdapters(flags: BenchFlags): Promise<string[]> {
  const typed = flags.get("--adapters");
  if (typed !== undefined) return typed.split(",");
  const found = await runProgram("nvidia-smi", "--query-gpu=pci.bus_id", "--format=csv,noheader");
  // "00000000:65:00.0" is "pci-0000_65_00_0".
  return (found ?? "").split("\n").flatMap((line) => {
    const [, domain, bus, device, part] =
      /^[0-9A-F]{4}([0-9A-F]{4}):([0-9A-F]{2}):([0-9A-F]{2})\.([0-7])$/i.exec(line.trim()) ?? [];
    return domain === undefined ? [] : [`pci-${domain}_${bus}_${device}_${part}`.toLowerCase()];
  });
}

/** Asks nvidia-smi now and then how much each GPU does, in percent. */
function measureUse() {
  const samples: number[][] = [];
  let isDone = false;
  const asking = (async () => {
    while (!isDone) {
      const text = await runProgram(
        "nvidia-smi",
        "--query-gpu=utilization.gpu",
        "--format=csv,noheader,nounits",
      );
      if (text === undefined) return;
      samples.push(text.trim().split("\n").map(Number));
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  })();
  return {
    async end(): Promise<number[] | undefined> {
      isDone = true;
      await asking;
      const [first] = samples;
      return first?.map((_, i) =>
        samples.reduce((sum, sample) => sum + (sample[i] ?? 0), 0) / samples.length
      );
    },
  };
}
