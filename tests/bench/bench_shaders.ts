import { parseArgs } from "node:util";
import { resolveRunConfig } from "../../config/mod.ts";
import { Gpu } from "../../kernels/gpu/gpu.ts";
import { createRun } from "../../lib/distill/create_run.ts";
import { distill } from "../../lib/distill/distill.ts";
import { findPalette } from "../../lib/palette/formats/find_palette.ts";
import { describeEnvironment } from "./bench_environment.ts";
import { GpuClock } from "./gpu_clock.ts";

const HELP = `Measures the GPU time of a step per shader, ours and onnxruntime's.

  deno run --allow-read --allow-env=XDG_RUNTIME_DIR tests/bench/bench_shaders.ts [options]

  --model mini     teacher: folder or URL
  --size 32        height and width of the picture, in pixels
  --steps 2        measured steps, after four warm-up steps
  --rows 20        number of listed shaders
`;

const OPTIONS = {
  "model": { type: "string", default: "mini" },
  "size": { type: "string", default: "32" },
  "steps": { type: "string", default: "2" },
  "rows": { type: "string", default: "20" },
  "help": { type: "boolean", short: "h", default: false },
} as const;

/** Warm-up steps. The first one compiles the shaders. */
const WARM_UP = 4;

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) return print(HELP);
  const clock = new GpuClock();
  using gpu = await Gpu.request();
  const [side, measured] = [Number(values.size), Number(values.steps)];
  const config = resolveRunConfig({
    prompt: "a castle",
    runtime: "webgpu",
    generator: { imageH: side, imageW: side, initializeRenderer: false },
    training: { steps: WARM_UP + measured },
    diffusion: { modelId: values.model },
  });
  const palette = await findPalette(config.generator.palette);
  await using run = await createRun(config, { gpu, palette });
  for await (const { step } of distill(run)) clock.isOn = step >= WARM_UP;
  clock.isOn = false;
  const times = await clock.read(gpu.device);
  // onnxruntime's labels start with a capital letter, ours do not.
  const isOurs = (name: string) => /^[a-z]/.test(name);
  const sum = (list: typeof times) => list.reduce((all, time) => all + time.milliseconds, 0);
  const [all, ours] = [sum(times), sum(times.filter(({ name }) => isOurs(name)))];
  print(`${describeEnvironment(gpu.adapterName)}; teacher ${values.model}, ${side}x${side}\n\n`);
  print(`GPU time of ${measured} steps: ${all.toFixed(1)} ms, of which our kernels took `);
  print(`${ours.toFixed(2)} ms, ${(100 * ours / all).toFixed(2)} %\n\n`);
  print("| shader | whose | runs | ms |\n| :-- | :-- | --: | --: |\n");
  for (const { name, runs, milliseconds } of times.slice(0, Number(values.rows))) {
    const whose = isOurs(name) ? "ours" : "onnxruntime's";
    print(`| ${name} | ${whose} | ${runs} | ${milliseconds.toFixed(2)} |\n`);
  }
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) await main(Deno.args);
