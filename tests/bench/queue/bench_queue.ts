/**
 * Measures the queue with a real server: `deno task bench-queue --help`.
 *
 * @module
 */
import { resolve } from "node:path";
import { BenchFlags, benchHelp } from "../../../lib/launcher/bench_flags.ts";
import { missingServer } from "../../support/redis_server.ts";
import { killCrowd, killRealWorkers } from "./kills.ts";
import { measureThroughput } from "./throughput.ts";

/** Prints a line. */
function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  const flags = new BenchFlags("bench-queue", Deno.args);
  if (flags.has("--help")) {
    say(benchHelp("bench-queue"));
    Deno.exit(0);
  }
  const missing = missingServer();
  if (missing !== undefined) {
    say(`error: Cannot measure the queue: ${missing}`);
    Deno.exit(1);
  }
  const folder = `${resolve(flags.get("--output")!)}/queue`;
  await Deno.mkdir(folder, { recursive: true });
  const numbers = (name: "--workers" | "--jobs", other: string) =>
    (flags.get(name) ?? other).split(",").map(Number);
  if (flags.get("--mode") === "throughput") {
    const [jobs] = numbers("--jobs", "8");
    await measureThroughput({
      flags,
      folder,
      say,
      jobs: jobs!,
      workers: numbers("--workers", "1,2,4"),
    });
  } else {
    const [workers] = numbers("--workers", "4");
    const [jobs] = numbers("--jobs", "200");
    const killMs = 1000 * Number(flags.get("--kill-seconds"));
    if (jobs! > 0) await killCrowd({ folder, say, jobs: jobs!, workers: workers!, killMs });
    const mini = Number(flags.get("--mini"));
    if (mini > 0) await killRealWorkers({ folder, say, jobs: mini });
  }
}
