import { parseArgs } from "node:util";
import type { RunConfig } from "../../config/run_config.ts";
import { Gpu } from "../../kernels/gpu/gpu.ts";
import { SessionPool } from "../../lib/onnx/batching/session_pool.ts";
import { writeFileInFolder } from "../../lib/files/write_file.ts";
import { describeEnvironment } from "./bench_environment.ts";
import { measureSteps, type StepCase, type StepTimes } from "./steps/measure_steps.ts";
import { stepsChart } from "./steps/steps_chart.ts";
import { stepsTables } from "./steps/steps_table.ts";

const HELP = `Times the steps of a run, part by part.

  deno task bench-steps [options]

  --sizes 16,32,…   sizes in pixels, with --base-colors colors (default: 16,32,64,128,256)
  --colors 2,4,…    colors, at --base-size pixels (default: 2,4,8,16,32,64,128,256)
  --base-size 32
  --base-colors 16
  --all             all sizes with all numbers of colors
  --steps 5         measured steps; the minimum counts
  --model mini      teacher: folder or URL
  --runtime auto    webgpu, wasm, native
  --output workdir/bench   folder of the tables, steps.md, and their chart, steps.svg
`;

const OPTIONS = {
  "sizes": { type: "string", default: "16,32,64,128,256" },
  "colors": { type: "string", default: "2,4,8,16,32,64,128,256" },
  "base-size": { type: "string", default: "32" },
  "base-colors": { type: "string", default: "16" },
  "all": { type: "boolean", default: false },
  "steps": { type: "string", default: "5" },
  "model": { type: "string", default: "mini" },
  "runtime": { type: "string", default: "auto" },
  "output": { type: "string", default: "workdir/bench" },
  "help": { type: "boolean", short: "h", default: false },
} as const;

/** Measures all cases, and prints and writes the tables. */
async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) return print(HELP);
  const { model, output } = values;
  const steps = Number(values.steps);
  if (!Number.isInteger(steps) || steps < 1) {
    throw new TypeError(
      `Cannot read --steps: expected an integer of 1 or more, got "${values.steps}"`,
    );
  }
  const runtime = values.runtime as RunConfig["runtime"];
  using gpu = await Gpu.request();
  await using pool = new SessionPool();
  const times: StepTimes[] = [];
  for (const one of casesOf(values)) {
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
function casesOf(values: {
  readonly sizes: string;
  readonly colors: string;
  readonly "base-size": string;
  readonly "base-colors": string;
  readonly all: boolean;
}): StepCase[] {
  const [sizes, colors] = [numbersOf(values.sizes), numbersOf(values.colors)];
  if (values.all) return sizes.flatMap((size) => colors.map((count) => ({ size, colors: count })));
  const base = { size: Number(values["base-size"]), colors: Number(values["base-colors"]) };
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
