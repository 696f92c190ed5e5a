import { parseArgs } from "node:util";
import { Gpu } from "../../kernels/gpu/gpu.ts";
import { openTeacherFolder } from "../../lib/conditioning/teacher_folder.ts";
import { megabytes } from "../../lib/text/format_bytes.ts";
import { buildUnet } from "../../lib/models/unet/unet_2d_condition_model.ts";
import { chooseRuntime } from "../../lib/onnx/runtime/choose_runtime.ts";
import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import { measureGraph } from "../../lib/onnx/graph/graph_memory.ts";
import {
  choosePrecision,
  type PrecisionName,
  precisionName,
  preferredFile,
} from "../../lib/onnx/runtime/network_precision.ts";
import { OrtSessions } from "../../lib/onnx/runtime/ort_sessions.ts";
import type { HostTensor, Runtime } from "../../lib/onnx/runtime/session.ts";
import { openModelFolder } from "../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../lib/weights/state_dict.ts";
import type { WeightEntry, WeightSource } from "../../lib/weights/weight_source.ts";

const HELP = `Measures the memory of this process while the UNet of a teacher is loaded.

  deno run --allow-read --allow-env=XDG_RUNTIME_DIR tests/bench/unet_loading.ts <folder> [options]

  --runtime auto      webgpu or wasm
  --precision auto    fp32, fp16, q8, q4
  --side 128          side of the latents
  --run               also run it once, on two rows

A folder to try it on: deno task random-teacher sdxl <folder>
`;

const OPTIONS = {
  "runtime": { type: "string", default: "auto" },
  "precision": { type: "string", default: "auto" },
  "side": { type: "string", default: "128" },
  "run": { type: "boolean", default: false },
  "help": { type: "boolean", short: "h", default: false },
} as const;

/** Peak memory during the reading of weights. */
class MemoryWatch {
  reads = 0;
  largestRead = 0;
  rss = 0;
  heap = 0;
  external = 0;

  /** Samples the memory. Only reads of weights run while the runtime loads. */
  sample(): void {
    const { rss, heapTotal, external } = Deno.memoryUsage();
    this.rss = Math.max(this.rss, rss);
    this.heap = Math.max(this.heap, heapTotal);
    this.external = Math.max(this.external, external);
  }

  /** Wraps weights so that their reads are observed. */
  watch(weights: StateDict): WeightSource {
    return {
      location: weights.location,
      keys: () => weights.keys(),
      hasPrefix: (path) => weights.hasPrefix(path),
      get: (key) => this.#watchEntry(weights.get(key)),
    };
  }

  #watchEntry(entry: WeightEntry): WeightEntry {
    return {
      key: entry.key,
      shape: entry.shape,
      dtype: entry.dtype,
      read: (type, start, count) => {
        const bytes = entry.read(type, start, count);
        this.reads++;
        this.largestRead = Math.max(this.largestRead, bytes.byteLength);
        this.sample();
        return bytes;
      },
    };
  }
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function measure(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  if (values.help || positionals.length !== 1) return print(HELP);
  using gpu = await Gpu.request();
  const runtime = chooseRuntime(gpu, values.runtime as Runtime | "auto");
  const precision = choosePrecision(values.precision as PrecisionName | "auto", { runtime, gpu });
  const folder = openModelFolder(positionals[0]!);
  const teacher = await openTeacherFolder(folder);
  using weights = await StateDict.open(folder, "unet", { prefer: preferredFile(precision) });
  const memory = new MemoryWatch();
  const [height, width] = [Number(values.side), Number(values.side)];
  const sizes = { batch: 2, height, width, promptLength: 77 };
  const graph = buildUnet(memory.watch(weights), teacher.unet, { ...sizes, ...precision });
  const { weightBytes, activationBytes } = measureGraph(graph);
  print(`adapter ${gpu.adapterName}, runtime ${runtime}, precision ${precisionName(precision)}`);
  print(`weights ${megabytes(weightBytes)} MB, activations about ${megabytes(activationBytes)} MB`);
  memory.sample();
  print(`before: ${megabytes(memory.rss)} MB of memory`);
  const startedAt = performance.now();
  await using session = await new OrtSessions({ runtime, gpu }).load(graph);
  memory.sample();
  print(`loaded in ${seconds(startedAt)} s by ${memory.reads} reads`);
  print(`largest read ${megabytes(memory.largestRead)} MB`);
  print(
    `peak: ${megabytes(memory.rss)} MB of memory; ${megabytes(memory.heap)} MB of JavaScript ` +
      `objects, ${megabytes(memory.external)} MB of arrays`,
  );
  if (!values.run) return;
  const feeds = graph.inputs.map(({ name, shape }): [string, HostTensor] => [
    name,
    { data: Float32Array.from({ length: shapeSize(shape) }, (_, i) => Math.sin(1.3 * i)), shape },
  ]);
  for (const pass of ["first", "second"]) {
    const began = performance.now();
    const { outputs: { noise_pred } } = await session.runHost(Object.fromEntries(feeds));
    const wrong = Array.from(noise_pred!.data, Number).filter((x) => !Number.isFinite(x)).length;
    print(`${pass} run ${seconds(began)} s, ${wrong} values that are not finite`);
  }
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}

if (import.meta.main) await measure(Deno.args);
