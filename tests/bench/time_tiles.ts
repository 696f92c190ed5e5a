import { parseArgs } from "node:util";
import { describeEnvironment } from "./bench_environment.ts";
import { Bench, canRun, type Kernel } from "./products/bench.ts";
import { operations, parseProblem, type Problem } from "./products/problem.ts";
import { timeRates } from "./products/rates.ts";
import { shaderOf, shaderOfLibrary } from "./products/shaders.ts";
import { timeTogether } from "./products/time_together.ts";
import { SMALL_VARIANTS, VARIANTS } from "./products/variants.ts";

const HELP = `Times versions of the tile that multiplies matrices, and compares their values.

  deno run --allow-read --allow-env=XDG_RUNTIME_DIR tests/bench/time_tiles.ts [options]

  --sizes 2048x1280x1280,…  rows x products in a sum x columns; conv:images x side x channels x
                            columns
  --only a,b                versions whose name has one of these texts; "=a" is the name a
  --part 0/1                of the versions, every n-th (to compile in several processes)
  --runs 5                  measured runs; the minimum counts
  --compile                 only compiles, for the cache of the driver
  --rates                   first measures multiplications and additions alone
  --seconds 80              starts no further measurement after this time
`;

const MANY_ROWS = [
  "2048x1280x10240",
  "2048x1280x1280",
  "2048x5120x1280",
  "8192x640x640",
  "conv:2x32x1280x1280",
  "conv:2x64x640x640",
];
const FEW_ROWS = ["512x1280x1280", "512x1280x10240", "512x5120x1280", "154x2048x1280"];

const OPTIONS = {
  "sizes": { type: "string", default: [...MANY_ROWS, ...FEW_ROWS].join(",") },
  "only": { type: "string", default: "" },
  "part": { type: "string", default: "0/1" },
  "runs": { type: "string", default: "5" },
  "seconds": { type: "string", default: "80" },
  "compile": { type: "boolean", default: false },
  "rates": { type: "boolean", default: false },
  "help": { type: "boolean", short: "h", default: false },
} as const;

/** Sizes that no tile divides, for comparing all values. */
const CHECKS = ["141x152x204", "conv:2x9x32x140"];
/** A version with a larger error is not timed. */
const MAX_ERROR = 2e-3;

const KERNELS: readonly Kernel[] = [
  ...(["32x64", "32x32"] as const).map((size) => ({
    name: `library ${size}`,
    code: (problem: Problem) => shaderOfLibrary(size, problem),
  })),
  ...[...VARIANTS.slice(0, 15), ...SMALL_VARIANTS, ...VARIANTS.slice(15)].map((variant) => ({
    name: variant.name,
    variant,
    code: (problem: Problem) => shaderOf(variant, problem),
  })),
];

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) return print(HELP);
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1000;
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("Cannot find a WebGPU adapter");
  const { limits, features, info } = adapter;
  const device = await adapter.requestDevice({
    requiredFeatures: (["shader-f16", "timestamp-query"] as const).filter((f) => features.has(f)),
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    },
  });
  print(`${describeEnvironment(info.description || info.device)}\n`);
  print(
    `features: ${[...features].join(" ")}; workgroup memory ` +
      `${limits.maxComputeWorkgroupStorageSize}\n\n`,
  );
  const [part, parts] = values.part.split("/").map(Number) as [number, number];
  const texts = values.only.split(",");
  const kernels = KERNELS.filter(({ name }) =>
    texts.some((text) => text.startsWith("=") ? name === text.slice(1) : name.includes(text))
  ).filter((_, i) => i % parts === part);
  const problems = values.sizes.split(",").filter((size) => size).map(parseProblem);
  if (values.compile) {
    for (const kernel of kernels) {
      for (const problem of CHECKS.map(parseProblem).filter((one) => canRun(kernel, one))) {
        const module = device.createShaderModule({ code: kernel.code(problem) });
        device.createComputePipeline({ layout: "auto", compute: { module } });
      }
      print(`${kernel.name}: ${seconds().toFixed(1)} s\n`);
    }
    return;
  }
  const checks = CHECKS.map((name) => new Bench(device, parseProblem(name)));
  const benches = problems.map((problem) => new Bench(device, problem));
  if (values.rates) await timeRates(device, print);
  print("| version | seconds | error | error of conv |\n| :-- | --: | --: | --: |\n");
  const correct: Kernel[] = [];
  for (const kernel of kernels) {
    if (seconds() > Number(values.seconds)) {
      print(`| ${kernel.name} | no time left |\n`);
      continue;
    }
    const began = performance.now();
    const errors: number[] = [];
    try {
      for (const check of checks) {
        if (canRun(kernel, check.problem)) errors.push(await check.errorOf(kernel));
      }
    } catch (error) {
      print(`| ${kernel.name} | ${String(error).split("\n").slice(0, 12).join(" ")} |\n`);
      continue;
    }
    if (errors.every((error) => error < MAX_ERROR)) correct.push(kernel);
    const cells = errors.map((error) => error.toExponential(1)).join(" | ");
    print(`| ${kernel.name} | ${((performance.now() - began) / 1000).toFixed(2)} | ${cells} |\n`);
  }
  if (benches.length > 0) {
    const tables = await timeTogether(device, correct, benches, Number(values.runs));
    const heads = problems.map(({ name }) => `${name} ms | TFLOP/s`);
    print(`\n| version | ${heads.join(" | ")} |\n| :-- |${" --: |".repeat(2 * heads.length)}\n`);
    for (const [i, { name }] of correct.entries()) {
      const cells = problems.map((problem, j) => {
        const ms = tables[j]![i];
        return ms === undefined
          ? " | "
          : `${ms.toFixed(4)} | ${(operations(problem) / ms / 1e9).toFixed(1)}`;
      });
      print(`| ${name} | ${cells.join(" | ")} |\n`);
    }
  }
  print(`\n${seconds().toFixed(1)} s\n`);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) await main(Deno.args);
