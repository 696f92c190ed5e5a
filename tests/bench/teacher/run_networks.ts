import { join } from "node:path";
import { parseArgs } from "node:util";
import { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { openTeacherFolder, type TeacherFolder } from "../../../lib/conditioning/teacher_folder.ts";
import { defined } from "../../../lib/text/defined.ts";
import { megabytes } from "../../../lib/text/format_bytes.ts";
import { readClipTextConfig } from "../../../lib/models/clip/clip_text_config.ts";
import { buildClipTextModel } from "../../../lib/models/clip/clip_text_model.ts";
import { readControlnetConfig } from "../../../lib/models/unet/controlnet_config.ts";
import { buildControlnet } from "../../../lib/models/unet/controlnet_model.ts";
import { buildUnet } from "../../../lib/models/unet/unet_2d_condition_model.ts";
import { chooseRuntime } from "../../../lib/onnx/runtime/choose_runtime.ts";
import { GradientSession } from "../../../lib/onnx/runtime/gradient_session.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Graph } from "../../../lib/onnx/graph/graph.ts";
import { measureGraph } from "../../../lib/onnx/graph/graph_memory.ts";
import {
  choosePrecision,
  type NetworkPrecision,
  type PrecisionName,
  precisionName,
  preferredFile,
} from "../../../lib/onnx/runtime/network_precision.ts";
import type { Feed, Runtime } from "../../../lib/onnx/runtime/session.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { type TensorToWrite, writeSafetensors } from "../../../lib/weights/safetensors_writer.ts";
import { describeEnvironment } from "../bench_environment.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";

const HELP = `Runs the networks of a teacher and saves their inputs and outputs.

  deno run --allow-read --allow-write=<out> --allow-env=XDG_RUNTIME_DIR \\
    tests/bench/teacher/run_networks.ts <folder> <out> [options]

  --networks a,b      folders of networks (default: text_encoder,text_encoder_2,vae,unet)
                      "vae" runs forward and backward, "vae:decoder" the decoder
  --vae <folder>      another autoencoder
  --side 1024         side of the teacher's image, in pixels
  --rows 2            rows of a batch
  --residuals         the UNet takes residuals of ControlNets
  --precision auto    fp32, fp16, q8, q4; autoencoders are always computed in fp32
  --vae-precision fp32
  --runtime auto      webgpu or wasm
  --repeats 3         measured runs; the minimum counts

A folder to try it on: deno task random-teacher sdxl <folder>
What it writes is compared with PyTorch by tests/bench/teacher/compare_with_pytorch.py.
`;

const OPTIONS = {
  "networks": { type: "string", default: "text_encoder,text_encoder_2,vae,unet" },
  "vae": { type: "string" },
  "side": { type: "string", default: "1024" },
  "rows": { type: "string", default: "2" },
  "residuals": { type: "boolean", default: false },
  "precision": { type: "string", default: "auto" },
  "vae-precision": { type: "string", default: "fp32" },
  "runtime": { type: "string", default: "auto" },
  "repeats": { type: "string", default: "3" },
  "help": { type: "boolean", short: "h", default: false },
} as const;

const PROMPT_LENGTH = 77;

/** Options of all networks of a call. */
interface Bench {
  readonly gpu: Gpu;
  readonly teacher: TeacherFolder;
  readonly runtime: Runtime;
  readonly precision: NetworkPrecision;
  readonly vaePrecision: NetworkPrecision;
  readonly side: number;
  readonly rows: number;
  readonly residuals: boolean;
  readonly repeats: number;
  readonly out: string;
}

/** A loaded network. */
interface Loaded extends AsyncDisposable {
  readonly graphs: readonly Graph[];
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, GpuTensor>>;
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  if (values.help || positionals.length !== 2) return print(HELP);
  using gpu = await Gpu.request();
  const runtime = chooseRuntime(gpu, values.runtime as Runtime | "auto");
  const choose = (name: string) =>
    choosePrecision(name as PrecisionName | "auto", { runtime, gpu });
  const bench: Bench = {
    gpu,
    runtime,
    out: positionals[1]!,
    residuals: values.residuals,
    teacher: await openTeacherFolder(openModelFolder(positionals[0]!), {
      ...defined({
        autoencoder: values.vae === undefined ? undefined : openModelFolder(values.vae),
      }),
    }),
    precision: choose(values.precision),
    vaePrecision: choose(values["vae-precision"]),
    side: Number(values.side),
    rows: Number(values.rows),
    repeats: Number(values.repeats),
  };
  await Deno.mkdir(bench.out, { recursive: true });
  print(`${describeEnvironment(gpu.adapterName)}; ${runtime}, ${precisionName(bench.precision)}\n`);
  for (const name of values.networks.split(",")) await measure(bench, name);
}

/** Loads one network, runs it, and writes its inputs and outputs. */
async function measure(bench: Bench, name: string): Promise<void> {
  const { gpu, out, repeats } = bench;
  const before = Deno.memoryUsage().rss;
  const startedAt = performance.now();
  await using network = await load(bench, name);
  const loading = secondsSince(startedAt);
  const { feeds, written } = await makeFeeds(gpu, network.graphs);
  let outputs: Record<string, GpuTensor> = {};
  const times: number[] = [];
  for (let i = 0; i <= repeats; i++) {
    for (const tensor of Object.values(outputs)) tensor[Symbol.dispose]();
    await gpu.device.queue.onSubmittedWorkDone();
    const began = performance.now();
    outputs = await network.run(feeds);
    await gpu.device.queue.onSubmittedWorkDone();
    times.push(secondsSince(began));
  }
  let wrong = 0;
  for (const [key, tensor] of Object.entries(outputs)) {
    const data = await tensor.read();
    for (const value of data) if (!Number.isFinite(value)) wrong++;
    written[`output.${key}`] = { shape: tensor.shape, data };
    tensor[Symbol.dispose]();
  }
  for (const feed of Object.values(feeds)) if (feed instanceof GpuTensor) feed[Symbol.dispose]();
  const file = `${name.replaceAll(":", "_")}.safetensors`;
  await Deno.writeFile(join(out, file), writeSafetensors(written));
  const weights = network.graphs.reduce((sum, graph) => sum + measureGraph(graph).weightBytes, 0);
  const rss = Deno.memoryUsage().rss;
  print(
    `${name}: weights ${megabytes(weights)} MB, loaded in ${loading.toFixed(1)} s, first run ` +
      `${times[0]!.toFixed(3)} s, best ${Math.min(...times.slice(1)).toFixed(3)} s, ` +
      `${wrong} values that are not finite; process ${megabytes(before)} -> ${megabytes(rss)} MB\n`,
  );
}

async function load(bench: Bench, name: string): Promise<Loaded> {
  const { gpu, teacher, runtime, precision, rows, side } = bench;
  const { folder } = teacher;
  const { height, width } = teacher.latentSize({ height: side, width: side });
  const sizes = { ...precision, batch: rows, height, width, promptLength: PROMPT_LENGTH };
  const [subfolder, part] = name.split(":") as [string, string | undefined];
  if (subfolder === "vae") return await loadAutoencoder(bench, part === "decoder");
  using weights = await StateDict.open(folder, subfolder, { prefer: preferredFile(precision) });
  let graph: Graph;
  if (subfolder === "unet") {
    graph = buildUnet(weights, teacher.unet, { ...sizes, residuals: bench.residuals });
  } else if (subfolder.startsWith("controlnet")) {
    graph = buildControlnet(weights, await readControlnetConfig(folder, subfolder), sizes);
  } else {
    const config = await readClipTextConfig(folder, subfolder);
    graph = buildClipTextModel(weights, config, {
      ...precision,
      batch: rows,
      length: PROMPT_LENGTH,
    });
  }
  const session = await new OrtSessions({ runtime, gpu }).load(graph);
  return {
    graphs: [graph],
    run: async (feeds) => (await session.run(feeds)).outputs,
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

async function loadAutoencoder(bench: Bench, decodes: boolean): Promise<Loaded> {
  const { gpu, teacher, runtime, side, vaePrecision } = bench;
  const { folder, subfolder } = teacher.vaeLocation;
  using weights = await StateDict.open(folder, subfolder, { prefer: preferredFile(vaePrecision) });
  const precision = vaePrecision.precision ?? "float32";
  const options = { batch: 1, height: side, width: side, precision };
  if (decodes) {
    const latents = teacher.latentSize({ height: side, width: side });
    const graph = teacher.vae.buildDecoder(weights, { ...options, ...latents });
    const session = await new OrtSessions({ runtime, gpu }).load(graph);
    return {
      graphs: [graph],
      run: async (feeds) => (await session.run(feeds)).outputs,
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
  }
  const graphs = teacher.vae.buildEncoderGradient(weights, options);
  const session = await GradientSession.load(new OrtSessions({ runtime, gpu }), graphs);
  const needsImage = graphs.backward.inputs.some((input) => input.name === "image");
  return {
    graphs: [graphs.forward, {
      ...graphs.backward,
      inputs: graphs.backward.inputs.filter((input) => input.name === "grad_latents"),
    }],
    async run(feeds) {
      const { image, grad_latents } = feeds as { image: GpuTensor; grad_latents: GpuTensor };
      const forward = await session.forward({ image });
      const again = defined({ image: needsImage ? image : undefined });
      return { ...forward, ...await session.backward({ grad_latents, ...again }) };
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** Creates inputs like those of a run. */
async function makeFeeds(gpu: Gpu, graphs: readonly Graph[]) {
  const feeds: Record<string, Feed> = {};
  const written: Record<string, TensorToWrite> = {};
  let draws = 0;
  for (const { name, shape, type } of graphs.flatMap((graph) => graph.inputs)) {
    if (name in feeds) continue;
    const values = inputValues(name, shapeSize(shape), draws++);
    if (type === "int64") {
      feeds[name] = { data: BigInt64Array.from(values, BigInt), shape };
      written[`input.${name}`] = { shape, data: Int32Array.from(values) };
    } else {
      feeds[name] = GpuTensor.from(gpu, values, shape, name);
      written[`input.${name}`] = { shape, data: values };
    }
  }
  await gpu.device.queue.onSubmittedWorkDone();
  return { feeds, written };
}

/** Values of an input: an image in [0, 1], tokens, sizes, or noise. */
function inputValues(name: string, size: number, draws: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(size);
  if (name === "timestep") return values.fill(500);
  if (name === "time_ids") return values.map((_, i) => i % 6 === 2 || i % 6 === 3 ? 0 : 1024);
  if (name === "conditioning_scale") return values.fill(0.15);
  if (name === "input_ids") return values.map((_, i) => (i * 7919 + 13) % 49000);
  const uniform = uniformNumbers(draws + 1);
  const isImage = name === "image" || name === "controlnet_cond";
  if (isImage) return values.map(uniform);
  const scale = name.includes("residual") ? 0.1 : 1;
  // Box & Muller 1958.
  return values.map(() =>
    scale * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  );
}

/** Source: "mulberry32", a generator of 32 bits. */
function uniformNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) await main(Deno.args);
