import { parseArgs } from "node:util";
import { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { GraphBuilder } from "../../lib/onnx/graph/graph_builder.ts";
import { quantizeLinears } from "../../lib/onnx/rewrite/quantize_linears.ts";
import type { WeightBits } from "../../lib/onnx/rewrite/quantize_blocks.ts";
import { OrtSessions } from "../../lib/onnx/runtime/ort_sessions.ts";
import { RandomWeights } from "../../lib/weights/random_weights.ts";
import { describeEnvironment } from "./bench_environment.ts";
import { GpuClock } from "./gpu_clock.ts";

const HELP = `Times linear layers of SDXL on the GPU: float16, 8 and 4 bits.

  deno run --allow-read --allow-env=XDG_RUNTIME_DIR tests/bench/time_products.ts [options]

  --sizes 2048x1280x1280,…  rows x products in a sum x columns (default: those of two rows at 1024)
  --runs 5                  measured runs; the minimum counts
`;

/** The linear layers of SDXL's UNet that take most time, for two rows at 1024 x 1024. */
const SIZES = [
  "2048x1280x1280",
  "2048x1280x10240",
  "2048x5120x1280",
  "8192x640x640",
  "8192x640x5120",
  "8192x2560x640",
  "154x2048x1280",
].join(",");

const OPTIONS = {
  "sizes": { type: "string", default: SIZES },
  "runs": { type: "string", default: "5" },
  "help": { type: "boolean", short: "h", default: false },
} as const;

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) return print(HELP);
  const clock = new GpuClock();
  using gpu = await Gpu.request();
  print(`${describeEnvironment(gpu.adapterName)}\n\n`);
  print("| rows x sum x columns | float16 | TFLOP/s | 8 bits | TFLOP/s | 4 bits | TFLOP/s |\n");
  print("| :-- | --: | --: | --: | --: | --: | --: |\n");
  for (const size of values.sizes.split(",")) {
    const [M, K, N] = size.split("x").map(Number) as [number, number, number];
    const cells: string[] = [];
    for (const bits of [undefined, 8, 4] as const) {
      const ms = await measure({ gpu, clock }, [M, K, N], { bits, runs: Number(values.runs) });
      cells.push(`${ms.toFixed(3)} ms`, (2 * M * K * N / ms / 1e9).toFixed(1));
    }
    print(`| ${size} | ${cells.join(" | ")} |\n`);
  }
}

/** Returns the time of a layer on the GPU, in milliseconds. */
async function measure(
  { gpu, clock }: { readonly gpu: Gpu; readonly clock: GpuClock },
  [M, K, N]: readonly [number, number, number],
  { bits, runs }: { readonly bits: WeightBits | undefined; readonly runs: number },
): Promise<number> {
  const weights = new RandomWeights();
  const g = new GraphBuilder("layer", { precision: "float16" });
  const [weight, bias] = [weights.get("weight", [N, K]), weights.get("bias", [N])];
  g.output("y", g.linear(g.input("x", [M, K]), g.weight(weight, [N, K]), g.weight(bias, [N])));
  const graph = quantizeLinears(g.build(), { weightBits: bits });
  const sessions = new OrtSessions({ runtime: "webgpu", gpu, replays: false });
  await using session = await sessions.load(graph);
  using x = GpuTensor.from(gpu, new Float32Array(M * K).fill(0.5), [M, K], "x");
  const times: number[] = [];
  for (let i = 0; i <= runs; i++) {
    // The first run compiles the shaders.
    clock.isOn = i > 0;
    const { outputs: { y } } = await session.run({ x });
    clock.isOn = false;
    y![Symbol.dispose]();
    const product = (await clock.read(gpu.device)).find(({ name }) => /Gemm|NBits/.test(name));
    if (product) times.push(product.milliseconds);
  }
  return Math.min(...times);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) await main(Deno.args);
