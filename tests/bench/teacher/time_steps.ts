import { parseArgs } from "node:util";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { encodeNormal } from "../../../kernels/random/philox.ts";
import { openTeacherFolder, type TeacherFolder } from "../../../lib/conditioning/teacher_folder.ts";
import { makeTimeIds } from "../../../lib/conditioning/sdxl/time_ids.ts";
import { megabytes } from "../../../lib/text/format_bytes.ts";
import { Denoiser } from "../../../lib/guidance/denoiser.ts";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import { ScoreDistillation, type ScoreStage } from "../../../lib/guidance/score_distillation.ts";
import { chooseRuntime } from "../../../lib/onnx/runtime/choose_runtime.ts";
import {
  choosePrecision,
  type PrecisionName,
  precisionName,
} from "../../../lib/onnx/runtime/network_precision.ts";
import type { Runtime } from "../../../lib/onnx/runtime/session.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { describeEnvironment } from "../bench_environment.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";

const HELP = `Times the teacher's part of a step: encoder, ControlNets, UNet, encoder backward.

  deno run --allow-read --allow-env=XDG_RUNTIME_DIR tests/bench/teacher/time_steps.ts <folder> [options]

  --sides 512,1024    sides of the teacher's image, in pixels
  --controlnets a,b   ControlNets, such as canny_mid (default: none); each number of them is timed
  --rows 2            2 with a negative prompt, 1 without
  --precision auto    fp32, fp16, q8, q4
  --runtime auto      webgpu or wasm
  --steps 3           measured steps; the minimum counts

A folder to try it on: deno task random-teacher sdxl <folder> --controlnet canny_mid
`;

const OPTIONS = {
  "sides": { type: "string", default: "512,1024" },
  "controlnets": { type: "string", default: "" },
  "rows": { type: "string", default: "2" },
  "precision": { type: "string", default: "auto" },
  "runtime": { type: "string", default: "auto" },
  "steps": { type: "string", default: "3" },
  "help": { type: "boolean", short: "h", default: false },
} as const;

const PROMPT_LENGTH = 77;
const STAGES = ["kernels", "vaeForward", "denoise", "vaeBackward"] as const;

interface Bench {
  readonly gpu: Gpu;
  readonly teacher: TeacherFolder;
  readonly runtime: Runtime;
  readonly precision: ReturnType<typeof choosePrecision>;
  readonly rows: number;
  readonly steps: number;
  readonly controlnets: readonly string[];
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  if (values.help || positionals.length !== 1) return print(HELP);
  using gpu = await Gpu.request();
  const runtime = chooseRuntime(gpu, values.runtime as Runtime | "auto");
  const bench: Bench = {
    gpu,
    runtime,
    rows: Number(values.rows),
    steps: Number(values.steps),
    teacher: await openTeacherFolder(openModelFolder(positionals[0]!)),
    precision: choosePrecision(values.precision as PrecisionName | "auto", { runtime, gpu }),
    controlnets: values.controlnets.split(",").filter((id) => id !== ""),
  };
  const named = precisionName(bench.precision);
  print(`${describeEnvironment(gpu.adapterName)}; ${runtime}, ${named}, ${bench.rows} rows\n\n`);
  print(`| side | ControlNets | loading | step | ${STAGES.join(" | ")} | host memory |\n`);
  print(`| --: | --: | --: | --: | --: | --: | --: | --: | --: |\n`);
  for (const side of values.sides.split(",").map(Number)) await measureSide(bench, side);
}

/** Loads the networks for one size, and times steps with all ControlNets, then with fewer. */
async function measureSide(bench: Bench, side: number): Promise<void> {
  const { gpu, teacher, runtime, precision, rows, controlnets } = bench;
  const startedAt = performance.now();
  const size = { height: side, width: side };
  const sessions = new OrtSessions({ runtime, gpu });
  const schedule = await NoiseSchedule.open(teacher.folder);
  // Stable Diffusion 1.5 takes the prompt's states only.
  const { crossAttentionDim, addedConditions } = teacher.unet;
  const added = addedConditions && {
    pooled: noise([rows, addedConditions.textEmbedDim]),
    timeIds: makeTimeIds(size, rows),
  };
  await using denoiser = await Denoiser.create(gpu, {
    sessions,
    teacher,
    schedule,
    prompts: { states: noise([rows, PROMPT_LENGTH, crossAttentionDim]), ...added },
  }, {
    ...precision,
    size,
    controlnets: controlnets.map((id) => ({ id, conditioningScale: 0.15 })),
  });
  let times: Record<string, number> = {};
  const parts = { sessions, teacher, schedule, denoiser };
  await using distillation = await ScoreDistillation.create(gpu, parts, {
    size,
    seed: 0,
    config: { guidanceScale: 40, gradScale: 1, wMode: "constant" },
    onStage: (stage: ScoreStage, ms) => times[stage] = (times[stage] ?? 0) + ms / 1000,
  });
  const loading = (performance.now() - startedAt) / 1000;
  using image = GpuTensor.zeros(gpu, [1, 3, side, side], "image");
  using done = GpuTensor.zeros(gpu, [1], "done");
  gpu.submit((pass) => encodeNormal(pass, { out: image }, { seed: 1, stream: 2, step: 3 }));
  for (let count = controlnets.length; count >= 0; count--) {
    // A ControlNet with scale 0 does not run.
    const conditioningScales = controlnets.map((_, i) => i < count ? 0.15 : 0);
    const control = count > 0
      ? { controlImages: controlnets.map(() => image), conditioningScales }
      : undefined;
    const made: Record<string, number>[] = [];
    for (let step = 1; step <= bench.steps + 1; step++) {
      await done.read();
      times = {};
      const began = performance.now();
      const { gradImage } = await distillation.step(image, { step, timestep: 500, control });
      using grad = gradImage;
      // `onSubmittedWorkDone` would wait 10 ms longer than needed, see `Readback`.
      await done.read();
      times["step"] = (performance.now() - began) / 1000;
      if (step > bench.steps) checkFinite(await grad.read());
      if (step > 1) made.push(times);
    }
    const minOf = (name: string) => Math.min(...made.map((one) => one[name] ?? 0)).toFixed(3);
    const cells = ["step", ...STAGES].map(minOf).join(" | ");
    const memory = megabytes(Deno.memoryUsage().rss);
    print(`| ${side} | ${count} | ${loading.toFixed(1)} | ${cells} | ${memory} MB |\n`);
  }
}

function checkFinite(values: Float32Array): void {
  const wrong = values.filter((value) => !Number.isFinite(value)).length;
  if (wrong > 0) throw new RangeError(`Cannot trust the step: ${wrong} values are not finite`);
}

/** Numbers in [-1, 1] instead of a prompt. */
function noise(shape: readonly number[]) {
  const size = shapeSize(shape);
  return { data: Float32Array.from({ length: size }, (_, i) => Math.sin(1.3 * i * i)), shape };
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) await main(Deno.args);
