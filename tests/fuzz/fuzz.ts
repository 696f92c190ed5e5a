import { mutate, seededUniforms } from "./mutate.ts";
import type { FuzzTarget } from "./targets.ts";

/**
 * Longest time that a damaged file may take, in milliseconds; the largest images take two seconds.
 */
const MAX_MILLISECONDS = 10_000;

/** What a damaged file did that it must not. */
export interface FuzzFailure {
  /** Name of the sample. */
  readonly name: string;
  /** Seed that makes the same file again. */
  readonly seed: number;
  /** The error, or the time that it took. */
  readonly found: string;
}

/** Options of {@linkcode fuzz}. */
export interface FuzzOptions {
  /** Seed of the first file; file i has the seed `seed + i`. */
  readonly seed: number;
  /** Number of files. */
  readonly count: number;
  /** Ends earlier when this time has passed, in milliseconds. Default: never. */
  readonly milliseconds?: number;
}

/**
 * Reads damaged files; each must be read or refused with an error of its target, in time.
 *
 * @returns Number of files, and failures.
 */
export async function fuzz(
  targets: readonly FuzzTarget[],
  { seed, count, milliseconds = Infinity }: FuzzOptions,
): Promise<{ count: number; failures: FuzzFailure[] }> {
  const begin = performance.now();
  const failures: FuzzFailure[] = [];
  let done = 0;
  for (; done < count && performance.now() - begin < milliseconds; done++) {
    const random = seededUniforms(seed + done);
    const target = targets[Math.floor(random() * targets.length)]!;
    const sample = target.samples[Math.floor(random() * target.samples.length)]!;
    const bytes = mutate(sample.bytes, random);
    const start = performance.now();
    const fail = (found: string) => failures.push({ name: sample.name, seed: seed + done, found });
    try {
      await target.read(bytes, sample.name);
    } catch (error) {
      const name = error instanceof Error ? error.name : typeof error;
      if (!target.errors.includes(name)) fail(String((error as Error).stack ?? error));
    }
    const time = Math.round(performance.now() - start);
    if (time > MAX_MILLISECONDS) fail(`it took ${time} ms`);
  }
  return { count: done, failures };
}

if (import.meta.main) {
  const { fuzzTargets } = await import("./targets.ts");
  const [seconds = "60", seed = String(Date.now() % 2 ** 31)] = Deno.args;
  const options = { seed: Number(seed), count: Infinity, milliseconds: Number(seconds) * 1000 };
  const { count, failures } = await fuzz(fuzzTargets(), options);
  for (const { name, seed, found } of failures) {
    await Deno.stdout.write(new TextEncoder().encode(`${name}, seed ${seed}: ${found}\n`));
  }
  const summary = `fuzz: ${count} files from seed ${seed}, ${failures.length} failures\n`;
  await Deno.stdout.write(new TextEncoder().encode(summary));
  if (failures.length > 0) Deno.exitCode = 1;
}
