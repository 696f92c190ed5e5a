import assert from "node:assert/strict";
import { openTeacherFolder } from "../../../../lib/conditioning/teacher_folder.ts";
import { describeMemoryPlan } from "../../../../lib/distill/memory/describe_memory_plan.ts";
import {
  type MemoryPlanOptions,
  planMemory,
  type PlannedNetwork,
} from "../../../../lib/distill/memory/memory_plan.ts";
import { planNetworks } from "../../../../lib/distill/memory/planned_networks.ts";
import { buildUnet } from "../../../../lib/models/unet/unet_2d_condition_model.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { openModelFolder } from "../../../../lib/weights/open_model_folder.ts";
import { RandomWeights } from "../../../../lib/weights/random_weights.ts";
import { StateDict } from "../../../../lib/weights/state_dict.ts";
import { memoryFolder } from "../../conditioning/memory_folder.ts";
import { randomClip } from "../../conditioning/random_clip.ts";
import { goldenPath } from "../../../support/goldens.ts";

const MEBI = 2 ** 20;

/** A linear layer with 4 Mi weights, and 2048 values in and out. */
function network(
  name: string,
  phase: "prompts" | "steps",
  precision: "float32" | "float16",
): PlannedNetwork {
  const g = new GraphBuilder(name, { precision });
  const x = g.input("x", [1, 2048], "float32", { cast: false });
  const weight = g.weight(new RandomWeights().get("w", [2048, 2048]), [2048, 2048]);
  g.output("y", g.linear(g.cast(x, precision), weight));
  return { name, phase, graph: g.build(), isQuantized: true };
}

const OPTIONS: MemoryPlanOptions = {
  runtime: "webgpu",
  precision: { precision: "float16" },
  size: { height: 8, width: 8 },
  teacherSize: { height: 512, width: 512 },
  colors: 4,
  savedBytes: MEBI,
};

Deno.test("planMemory() adds up networks that are loaded together", () => {
  const networks = [
    network("text encoder 1", "prompts", "float16"),
    network("text encoder 2", "prompts", "float16"),
    network("ControlNet canny", "steps", "float16"),
    network("UNet", "steps", "float16"),
  ];
  const plan = planMemory(networks, OPTIONS);
  assert.deepEqual(plan.networks.map(({ weightBytes }) => weightBytes), Array(4).fill(8 * MEBI));
  assert(plan.networks.every(({ precision }) => precision === "fp16"));
  assert.equal(plan.weightBytes, 32 * MEBI);
  const own = MEBI + 4 * (7 * 8 * 8 * 4 + 8 * 3 * 512 * 512);
  assert.equal(plan.otherBytes, own);
  // Input and result, each in float32 and float16; half of that again for replayed runs.
  const activation = 3 * 2048 * (4 + 2);
  assert.equal(plan.peakBytes, own + 16 * MEBI + activation);
  assert.deepEqual(plan.problems, []);
  const peaks = Object.fromEntries(
    plan.alternatives.map(({ precision, peakBytes }) => [precision, peakBytes]),
  );
  assert.deepEqual(Object.keys(peaks), ["fp32", "q8", "q4"]);
  assert.equal(peaks["fp32"], own + 32 * MEBI + 2 * activation);
  // 8 or 4 bits, and a scale of 16 bits for 32 values.
  assert.equal(peaks["q8"], own + 2 * (4 + 1 / 4) * MEBI + activation);
  assert.equal(peaks["q4"], own + 2 * (2 + 1 / 4) * MEBI + activation);
});

Deno.test("planMemory() shares buffers of the same size among the networks of a GPU", () => {
  const networks = ["ControlNet canny", "UNet"].map((name) => network(name, "steps", "float32"));
  const options = { ...OPTIONS, precision: { precision: "float32" } as const };
  const [gpu, cpu] = (["webgpu", "wasm"] as const).map((runtime) =>
    planMemory(networks, { ...options, runtime })
  );
  const rest = gpu!.otherBytes + 32 * MEBI;
  // Input and result; both again for replayed runs.
  assert.equal(gpu!.peakBytes, rest + 2 * 2 * 2048 * 4);
  // On a CPU, each network has its own.
  assert.equal(cpu!.peakBytes, rest + 2 * 2 * 2048 * 4);
  const large = planMemory([network("UNet", "steps", "float32")], options);
  assert.equal(large.peakBytes, gpu!.peakBytes - 16 * MEBI);
});

Deno.test("planMemory() says what cannot fit", () => {
  const networks = [network("UNet", "steps", "float32")];
  const options = { ...OPTIONS, precision: { precision: "float32" } as const };
  const { problems } = planMemory(networks, { ...options, largestBytes: MEBI });
  assert.deepEqual(problems, [
    "A tensor of the UNet needs 16 MB, but the adapter allows 1 MB per tensor",
  ]);
  const large = { ...options, runtime: "wasm" as const, savedBytes: 2 ** 32 };
  assert.match(
    planMemory(networks, large).problems[0]!,
    /^The run needs about \d+ MB, but Web/,
  );
});

Deno.test("describeMemoryPlan() says what is needed and what to change", () => {
  const networks = [
    network("text encoder 1", "prompts", "float16"),
    network("ControlNet canny", "steps", "float16"),
    network("UNet", "steps", "float16"),
  ];
  assert.equal(
    describeMemoryPlan(planMemory(networks, { ...OPTIONS, largestBytes: MEBI })),
    `memory plan: about 42 MB of GPU memory, whose size is unknown
  first, one by one:
    text encoder 1: weights 8 MB (fp16), activations 1 MB
  then, all together:
    ControlNet canny: weights 8 MB (fp16), activations 1 MB
    UNet: weights 8 MB (fp16), activations 1 MB
    picture, optimizer and teacher's image: 26 MB
  A tensor of the text encoder 1 needs 8 MB, but the adapter allows 1 MB per tensor
  A tensor of the ControlNet canny needs 8 MB, but the adapter allows 1 MB per tensor
  A tensor of the UNet needs 8 MB, but the adapter allows 1 MB per tensor
  if it does not fit: --set diffusion.precision=q8 (34 MB), --set diffusion.precision=q4 (30 MB), \
a smaller sd.im_size, --set controlnet.use_controlnet=false`,
  );
});

Deno.test("planNetworks() knows the weights of a teacher without reading them", async () => {
  const folder = openModelFolder(goldenPath("tiny-sdxl"));
  const teacher = await openTeacherFolder(folder);
  const { networks, savedBytes } = await planNetworks(teacher, {
    rows: 2,
    decodes: true,
    controlnets: ["canny"],
    precision: "float32",
    teacherSize: { height: 64, width: 64 },
  });
  assert.deepEqual(networks.map(({ name }) => name), [
    "text encoder 1",
    "text encoder 2",
    "ControlNet canny",
    "UNet",
    "autoencoder encoder forward",
    "autoencoder encoder backward",
    "autoencoder decoder",
  ]);
  assert(savedBytes > 0);
  using weights = await StateDict.open(folder, "unet");
  const unet = networks.find(({ name }) => name === "UNet")!.graph;
  const { height, width } = teacher.latentSize({ height: 64, width: 64 });
  const sizes = { batch: 2, height, width, promptLength: 77, residuals: true };
  const built = buildUnet(weights, teacher.unet, sizes);
  assert.deepEqual(
    unet.weights.map(({ value }) => value),
    built.weights.map(({ value }) => value),
  );
});

Deno.test("planNetworks() plans the CLIP of a teacher that chooses among samples", async () => {
  const clip = randomClip({ seed: 1, eightBits: true });
  const folder = memoryFolder({
    "model_index.json": JSON.stringify({ clip: ["transformers", "CLIPModel"] }),
    "clip/config.json": clip["config.json"],
  }, openModelFolder(goldenPath("tiny-sdxl")));
  const clipOf = async (clipImages: number, from = folder) => {
    const { networks } = await planNetworks(await openTeacherFolder(from), {
      rows: 2,
      decodes: true,
      controlnets: [],
      precision: "float16",
      teacherSize: { height: 64, width: 64 },
      clipImages,
    });
    return networks.find(({ name }) => name === "CLIP");
  };
  const planned = await clipOf(6);
  assert.deepEqual(planned!.graph.inputs.map(({ shape }) => shape), [[6, 3, 16, 16], [1, 77]]);
  assert.equal(await clipOf(1), undefined);
  assert.equal(await clipOf(6, openModelFolder(goldenPath("tiny-sdxl"))), undefined);
});
