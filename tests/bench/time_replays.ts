import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { resolveRunConfig } from "../../config/resolve_run_config.ts";
import { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { createRun } from "../../lib/distill/create_run.ts";
import type { Graph } from "../../lib/onnx/graph/graph.ts";
import { SessionPool } from "../../lib/onnx/batching/session_pool.ts";
import { OrtSessions } from "../../lib/onnx/runtime/ort_sessions.ts";
import { ReplayedSession } from "../../lib/onnx/runtime/replayed_session.ts";
import type { LoadOptions, Session, SessionLoader } from "../../lib/onnx/runtime/session.ts";
import { findPalette } from "../../lib/palette/formats/find_palette.ts";
import { describeEnvironment } from "./bench_environment.ts";
import { STAGES } from "./steps/measure_steps.ts";

const HELP = `Times steps with recorded networks against the plain way, and compares the bits.

  deno run --allow-read --allow-env=XDG_RUNTIME_DIR tests/bench/time_replays.ts [options]

  --model mini     teacher: folder or URL
  --size 32        height and width of the picture, in pixels
  --steps 20       measured steps, after eight warm-up steps
  --precision auto fp32, fp16, q8, q4
  --rounds 2       measurements of each way, in turns
  --pause 0        milliseconds without work before each step; a GPU lowers its clock in them
`;

const OPTIONS = {
  "model": { type: "string", default: "mini" },
  "size": { type: "string", default: "32" },
  "steps": { type: "string", default: "20" },
  "precision": { type: "string", default: "auto" },
  "rounds": { type: "string", default: "2" },
  "pause": { type: "string", default: "0" },
  "help": { type: "boolean", short: "h", default: false },
} as const;

/** The first steps compile the shaders; up to four are recorded. */
const WARM_UP = 8;

/** Keeps networks that are loaded with replays, or without. */
class WatchedPool extends SessionPool {
  readonly sessions: Session[] = [];
  readonly #loader: SessionLoader;

  constructor(gpu: Gpu, replays: boolean) {
    super();
    const loader = new OrtSessions({ runtime: "webgpu", gpu, replays });
    this.#loader = {
      runtime: "webgpu",
      gpu,
      load: async (graph, options) => {
        const session = await loader.load(graph, options);
        this.sessions.push(session);
        return session;
      },
    };
  }

  override borrow(_: SessionLoader, graph: Graph, options: LoadOptions): Promise<Session> {
    return super.borrow(this.#loader, graph, options);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) return print(HELP);
  using gpu = await Gpu.request();
  print(`${describeEnvironment(gpu.adapterName)}; ${values.model}, ${values.size} pixels\n\n`);
  print(`Milliseconds, the median of ${values.steps} steps. `);
  print(`A stage ends when its commands are sent; "kernels" includes the wait for the GPU.\n\n`);
  print(`| way | step | fastest step | ${STAGES.join(" | ")} | replayed networks |\n`);
  print(`| :-- | --: | --: | ${STAGES.map(() => "--:").join(" | ")} | --: |\n`);
  let expected: readonly Float32Array[] | undefined;
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const replays of [false, true]) {
      const bits = await measure(gpu, values, replays);
      expected ??= bits;
      assert.deepEqual(bits, expected, "the ways have other pictures");
    }
  }
  print("\nBoth ways gave the same bits in each step.\n");
}

/** Prints the times of one way, and returns the mixed colors after each step. */
async function measure(
  gpu: Gpu,
  values: Readonly<Record<"model" | "size" | "steps" | "precision" | "pause", string>>,
  replays: boolean,
): Promise<Float32Array[]> {
  const [side, steps, pause] = [values.size, values.steps, values.pause].map(Number) as [
    number,
    number,
    number,
  ];
  const config = resolveRunConfig({
    prompt: "castle on a blue background",
    runtime: "webgpu",
    generator: { imageH: side, imageW: side, initializeRenderer: false },
    training: { steps: WARM_UP + steps },
    diffusion: { modelId: values.model, precision: values.precision as "auto" },
  });
  await using pool = new WatchedPool(gpu, replays);
  const palette = await findPalette(config.generator.palette);
  const times = { step: [] as number[], ...stages(() => [] as number[]) };
  let sums = stages(() => 0);
  let began = performance.now();
  const bits: Float32Array[] = [];
  await using run = await createRun(config, {
    gpu,
    pool,
    palette,
    onTiming: (stage) => {
      const now = performance.now();
      sums[stage] += now - began;
      began = now;
    },
  });
  using done = GpuTensor.zeros(gpu, [1], "done");
  for (let i = 0; i < WARM_UP + steps; i++) {
    await done.read();
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    sums = stages(() => 0);
    began = performance.now();
    const startedAt = began;
    await run.makeStep();
    // `onSubmittedWorkDone` would wait 10 ms longer than needed, see `Readback`.
    await done.read();
    sums.kernels += performance.now() - began;
    if (i >= WARM_UP) {
      times.step.push(performance.now() - startedAt);
      for (const stage of STAGES) times[stage].push(sums[stage]);
    }
    bits.push(new Float32Array((await run.picture()).softmax));
  }
  const replayed = pool.sessions.filter((session) =>
    session instanceof ReplayedSession && session.mode === "replay"
  );
  const cells = [
    median(times.step),
    Math.min(...times.step),
    ...STAGES.map((stage) => median(times[stage])),
  ];
  print(`| ${replays ? "replayed" : "plain"} | ${cells.map((ms) => ms.toFixed(1)).join(" | ")} | `);
  print(`${replayed.length} of ${pool.sessions.length} |\n`);
  return bits;
}

function stages<T>(value: () => T): Record<typeof STAGES[number], T> {
  return { kernels: value(), vaeForward: value(), denoise: value(), vaeBackward: value() };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) await main(Deno.args);
