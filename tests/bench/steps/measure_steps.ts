import process from "node:process";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import type { ScoreStage } from "../../../lib/guidance/score_distillation.ts";
import type { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { Palette } from "../../../lib/palette/palette.ts";

/** A measured case. */
export interface StepCase {
  /** Height and width of the picture, in pixels. */
  readonly size: number;
  /** Colors of the palette. */
  readonly colors: number;
}

/** Options of all measured steps. */
export interface StepOptions {
  /** The teacher: "mini", or a folder or URL. */
  readonly model: string;
  /** Runtime of the networks. */
  readonly runtime: RunConfig["runtime"];
  /** Number of measured steps, 1 or more. One warm-up step is not measured. */
  readonly steps: number;
}

/** Parts of a step. "kernels" is everything except the networks. */
export const STAGES = [
  "kernels",
  "vaeForward",
  "denoise",
  "vaeBackward",
] as const satisfies readonly ScoreStage[];

/** Seconds of a step and of its parts. */
export type StageTimes = Readonly<Record<"step" | typeof STAGES[number], number>>;

/** Time and memory of a step. */
export interface StepTimes extends StepCase {
  /** Wall-clock time: the minimum over the steps. */
  readonly wall: StageTimes;
  /**
   * CPU time of all threads, including those that spin: the minimum over the steps. Work on a real
   * GPU is not included.
   */
  readonly cpu: StageTimes;
  /** Bytes of our tensors on the GPU between two steps. */
  readonly tensorBytes: number;
  /** Memory of the whole program after the steps, in bytes. */
  readonly residentBytes: number;
  /** Runtime of the networks. */
  readonly runtime: string;
}

/** Measures steps of a run that starts from noise. */
export async function measureSteps(
  { size, colors }: StepCase,
  shared: { readonly gpu: Gpu; readonly pool: SessionPool },
  options: StepOptions,
): Promise<StepTimes> {
  const { model, runtime, steps } = options;
  const config = resolveRunConfig({
    prompt: "castle on a blue background",
    runtime,
    generator: { imageH: size, imageW: size, initializeRenderer: false },
    training: { steps: steps + 1 },
    diffusion: { modelId: model },
  });
  let watch = new Stopwatch();
  const palette = evenPalette(colors);
  await using run = await createRun(config, {
    ...shared,
    palette,
    onTiming: (stage) => watch.mark(stage),
  });
  // The warm-up step compiles the shaders.
  await run.makeStep();
  using done = GpuTensor.zeros(shared.gpu, [1], "done");
  const samples: Stopwatch[] = [];
  for (let i = 0; i < steps; i++) {
    watch = new Stopwatch();
    await run.makeStep();
    // The update of the logits is part of the step.
    await done.read();
    watch.mark("kernels");
    samples.push(watch);
  }
  return {
    size,
    colors,
    wall: minTimes(samples.map(({ wall }) => wall)),
    cpu: minTimes(samples.map(({ cpu }) => cpu)),
    tensorBytes: [...shared.gpu.resources].reduce((sum, { byteLength }) => sum + byteLength, 0),
    residentBytes: Deno.memoryUsage().rss,
    runtime: run.runtime,
  };
}

/** Adds up wall-clock and CPU time between marks. */
class Stopwatch {
  /** Seconds of wall-clock time. */
  readonly wall = noTimes();
  /** Seconds of CPU time. */
  readonly cpu = noTimes();
  #wallAt = wallSeconds();
  #cpuAt = cpuSeconds();

  /** Adds the time since the last mark to a part of the step. */
  mark(stage: ScoreStage): void {
    const [wall, cpu] = [wallSeconds(), cpuSeconds()];
    for (const name of ["step", stage] as const) {
      this.wall[name] += wall - this.#wallAt;
      this.cpu[name] += cpu - this.#cpuAt;
    }
    [this.#wallAt, this.#cpuAt] = [wall, cpu];
  }
}

function noTimes(): Record<keyof StageTimes, number> {
  return { step: 0, kernels: 0, vaeForward: 0, denoise: 0, vaeBackward: 0 };
}

function wallSeconds(): number {
  return performance.now() / 1000;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Returns the minimum time of each part, since other programs can only add to it. */
export function minTimes(samples: readonly StageTimes[]): StageTimes {
  const names = Object.keys(noTimes()) as (keyof StageTimes)[];
  return Object.fromEntries(
    names.map((name) => [name, Math.min(...samples.map((sample) => sample[name]))]),
  ) as StageTimes;
}

/** Creates a palette of distinct colors. */
function evenPalette(size: number): Palette {
  const colors = Uint8Array.from({ length: size * 3 }, (_, i) => {
    const [k, channel] = [Math.floor(i / 3), i % 3];
    return channel === 0 ? k * 255 / (size - 1) : (k * (channel === 1 ? 97 : 61)) % 256;
  });
  return new Palette(`${size} colors`, colors);
}
