import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { encodeJob, jobId } from "../../../lib/queue/picture_job.ts";
import { checkResults, crowd, type CrowdReport, surviveKills } from "../../lib/queue/crowd.ts";
import { RedisServer } from "../../support/redis_server.ts";
import { runProgram } from "./run_program.ts";

/** What all measurements share. */
export interface KillOptions {
  /** Folder of all data; what was there is removed. */
  readonly folder: string;
  /** Prints a line. */
  say(line: string): void;
  /** Number of pictures. */
  readonly jobs: number;
}

const CUT_S = 30;
const FULL_S = 10;
/** Size of the disk of the store, which is filled once. */
const DISK_BYTES = 16 * 2 ** 20;

/**
 * Painted pictures, while workers are killed, the server is killed and restarted, the network is
 * cut, and the disk of the store is full.
 */
export async function killCrowd(
  { folder, say, jobs: count, workers, killMs }: KillOptions & {
    readonly workers: number;
    readonly killMs: number;
  },
): Promise<void> {
  const { data, store, scratch } = await freshFolders(folder, "crowd");
  const isDisk = await runProgram("mount", "-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "t", store);
  try {
    await using server = await RedisServer.start(data);
    const jobs = await crowd(count);
    const done: string[] = [];
    const report = await surviveKills(jobs, {
      setup: {
        port: server.port,
        store,
        scratch,
        stepMs: 60,
        flags: ["--lock-seconds", "3", "--checkpoint-seconds", "1", "--tries", "20"],
      },
      workers,
      killMs,
      disturbances: [
        { atMs: 10_000, run: () => restart(server, done) },
        { atMs: 20_000, run: () => cut(server, done) },
        ...isDisk === undefined ? [] : [{ atMs: 60_000, run: () => fill(store, done) }],
      ],
      timeoutMs: 30 * 60_000,
    });
    await checkResults(jobs, store);
    if (isDisk === undefined) done.push("no full disk: mounting one needs root");
    tell(say, `${count} painted pictures, ${workers} workers`, report);
    say(`  disturbances: ${done.join("; ")}`);
    say(`  each has one result, whole, with the right picture and metrics`);
  } finally {
    if (isDisk !== undefined) await runProgram("umount", store);
  }
}

async function restart(server: RedisServer, done: string[]): Promise<void> {
  await server.kill();
  await pause(2);
  await server.restart();
  done.push("the server was killed (-9), restarted 2 s later");
}

/** Drops the packets to and from the server; without the rights, the server is stopped. */
async function cut(server: RedisServer, done: string[]): Promise<void> {
  const rules = ["--dport", "--sport"].map((
    side,
  ) => ["INPUT", "-i", "lo", "-p", "tcp", side, String(server.port), "-j", "DROP"]);
  const isCut = await runProgram("iptables", "-A", ...rules[0]!) !== undefined &&
    await runProgram("iptables", "-A", ...rules[1]!) !== undefined;
  if (!isCut) await server.freeze();
  await pause(CUT_S);
  if (isCut) { for (const rule of rules) await runProgram("iptables", "-D", ...rule); }
  else await server.thaw();
  done.push(isCut ? `all packets dropped for ${CUT_S} s` : `the server stopped for ${CUT_S} s`);
}

async function fill(store: string, done: string[]): Promise<void> {
  const path = `${store}/filling`;
  try {
    for (let i = 0; i < DISK_BYTES / 65536; i++) {
      await Deno.writeFile(path, new Uint8Array(65536), { append: true });
    }
  } catch {
    // It is full.
  }
  await pause(FULL_S);
  await Deno.remove(path);
  done.push(`the disk of the store was full for ${FULL_S} s`);
}

/** Pictures of `mini`, whose workers are killed in turn, compared with undisturbed ones. */
export async function killRealWorkers({ folder, say, jobs: count }: KillOptions): Promise<void> {
  const palette = await findPalette("sweetie-16");
  const prompts = ["a red potion", "a castle", "orc warrior", "long sword", "green dragon"];
  const jobs = await Promise.all(Array.from({ length: count }, async (_, i) => {
    const prompt = prompts[i % prompts.length]!;
    const config = resolveRunConfig({
      preset: "draft",
      prompt,
      seed: i,
      // So that there is something to save after the sample.
      diffusion: { strength: 0.5 },
    });
    const data = encodeJob({ config, palette, image: undefined });
    return { id: await jobId(data), data };
  }));
  const picturesOf = async (name: string, killMs: number) => {
    const { data, store, scratch } = await freshFolders(folder, name);
    await using server = await RedisServer.start(data);
    const report = await surviveKills(jobs, {
      setup: {
        port: server.port,
        store,
        scratch,
        flags: ["--lock-seconds", "5", "--checkpoint-seconds", "1", "--tries", "20"],
      },
      workers: 2,
      killMs,
      timeoutMs: 30 * 60_000,
    });
    const pictures = await Promise.all(
      jobs.map(({ id }) => Deno.readFile(`${store}/results/${id}/final_argmax.png`)),
    );
    return { report, pictures };
  };
  const undisturbed = await picturesOf("mini", 24 * 3600_000);
  const { report, pictures } = await picturesOf("mini_killed", killTime(undisturbed.report, count));
  assert.deepEqual(pictures, undisturbed.pictures);
  tell(say, `${count} pictures of mini, 2 workers`, report);
  say(`  each has the bits of an undisturbed run (${undisturbed.report.seconds.toFixed(0)} s)`);
}

/** A worker gets about one and a half pictures' time before it is killed. */
function killTime({ seconds }: CrowdReport, count: number): number {
  return 1000 * 0.75 * seconds / Math.ceil(count / 2);
}

function tell(say: (line: string) => void, title: string, report: CrowdReport): void {
  const { kills, busyKills, resumed, taken, completions, seconds } = report;
  say(`${title}: ${seconds.toFixed(0)} s`);
  say(`  ${kills} kills (-9), ${busyKills} of workers with a job in progress`);
  say(`  ${taken} starts of jobs, ${resumed} of them from a saved state`);
  const twice = [...completions.values()].filter((times) => times > 1).length;
  say(`  ${completions.size} jobs done by the server's events, ${twice} more than once`);
  assert.equal(twice, 0);
}

async function freshFolders(folder: string, name: string) {
  const root = `${folder}/${name}`;
  await Deno.remove(root, { recursive: true }).catch(() => undefined);
  const [data, store, scratch] = [`${root}/data`, `${root}/store`, `${root}/scratch`];
  for (const path of [data, store, scratch]) await Deno.mkdir(path, { recursive: true });
  return { data, store, scratch };
}

async function pause(seconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
