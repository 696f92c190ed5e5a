import type { RunConfig } from "../../config/run_config.ts";
import { Gpu } from "../../kernels/gpu/gpu.ts";
import { SessionPool } from "../../lib/onnx/batching/session_pool.ts";
import { BenchFlags, benchHelp } from "../../lib/launcher/bench_flags.ts";
import { writeFileInFolder } from "../../lib/files/write_file.ts";
import { describeEnvironment } from "./bench_environment.ts";
import { measureSteps, type StepCase, type StepTimes } from "./steps/measure_steps.ts";
import { stepsChart } from "./steps/steps_chart.ts";
import { stepsTables } from "./steps/steps_table.ts";

const HELP = `Times the steps of a run, part by part.

  deno task bench-steps [options]

${benchHelp("bench-steps")}
`;

/** Measures all cases, and prints and writes the tables. */
async function bench(args: readonly string[]): Promise<void> {
  const flags = new BenchFlags("bench-steps", args);
  if (flags.has("--help")) return print(HELP);
  const [model, output] = [flags.get("--model")!, flags.get("--output")!];
  const steps = Number(flags.get("--steps"));
  if (!Number.isInteger(steps) || steps < 1) {
    throw new TypeError(
      `Cannot read --steps: expected an integer of 1 or more, got "${flags.get("--steps")}"`,
    );
  }
  const runtime = flags.get("--runtime") as RunConfig["runtime"];
  using gpu = await Gpu.request();
  await using pool = new SessionPool();
  const times: StepTimes[] = [];
  for (const one of casesOf(flags)) {
    const measured = await measureSteps(one, { gpu, pool }, { model, runtime, steps });
    times.push(measured);
    say(`${one.size} pixels, ${one.colors} colors: ${measured.wall.step.toFixed(3)} s per step`);
  }
  const tables = stepsTables(times);
  const source = `Teacher "${model}" on ${times[0]!.runtime}; ` +
    `${describeEnvironment(gpu.adapterName)}. Minimum of ${steps} steps.`;
  await writeFileInFolder(`${output}/steps.md`, `# Steps\n\n${source}\n\n${tables}`);
  await writeFileInFolder(`${output}/steps.svg`, stepsChart(times, source));
  print(`${source}\n\n${tables}`);
}

/** Lists the cases. The others are compared with the first one. */
function casesOf(flags: BenchFlags): StepCase[] {
  const [sizes, colors] = [numbersOf(flags.get("--sizes")!), numbersOf(flags.get("--colors")!)];
  if (flags.has("--all")) {
    return sizes.flatMap((size) => colors.map((count) => ({ size, colors: count })));
  }
  const base = {
    size: Number(flags.get("--base-size")),
    colors: Number(flags.get("--base-colors")),
  };
  return [
    base,
    ...sizes.filter((size) => size !== base.size).map((size) => ({ ...base, size })),
    ...colors.filter((count) => count !== base.colors).map((count) => ({ ...base, colors: count })),
  ];
}

function numbersOf(text: string): number[] {
  return text.split(",").map((part) => {
    const value = Number(part);
    if (Number.isInteger(value) && value >= 2) return value;
    throw new TypeError(`Cannot read "${text}": expected integers of 2 or more, got "${part}"`);
  });
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  try {
    await bench(Deno.args);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
