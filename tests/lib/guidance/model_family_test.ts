import assert from "node:assert/strict";
import { joinParts } from "../../../lib/conditioning/normalize_prompt.ts";
import { encodePrompts } from "../../../lib/conditioning/encode_prompts.ts";
import type { PromptEncoder } from "../../../lib/conditioning/family/model_family.ts";
import { openTeacherFolder, TeacherFolder } from "../../../lib/conditioning/teacher_folder.ts";
import { planNetworks } from "../../../lib/distill/memory/planned_networks.ts";
import { Denoiser } from "../../../lib/guidance/denoiser.ts";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import { ModelConfig } from "../../../lib/models/model_config.ts";
import { parseUnetConfig } from "../../../lib/models/unet/unet_config.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";
import type { SessionLoader } from "../../../lib/onnx/runtime/session.ts";
import { recordWeights } from "../../../lib/tools/record_weights.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { streamSafetensors } from "../../../lib/weights/safetensors_writer.ts";
import { goldenPath } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { memoryFolder } from "../conditioning/memory_folder.ts";
import { scatter } from "../onnx/run_graph.ts";

const TINY = openModelFolder(goldenPath("tiny-sdxl"));
const [LENGTH, WIDTH] = [5, 24];

/** Options of a UNet that takes hidden states only, as Stable Diffusion 1.5's. */
const UNET = {
  _class_name: "UNet2DConditionModel",
  attention_head_dim: 2,
  block_out_channels: [8, 16],
  cross_attention_dim: WIDTH,
  down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
  layers_per_block: 1,
  norm_num_groups: 4,
  sample_size: 16,
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
};

/** A prompt encoder that has no network and gives hidden states only. */
const STATES_ONLY: PromptEncoder = {
  encode: (_, { prompt, negativePrompt }) => {
    const rows = negativePrompt === undefined ? [prompt] : [negativePrompt, prompt];
    const texts = rows.map(joinParts);
    const scattered = texts.map((text) => scatter(LENGTH * WIDTH, text.length));
    const data = Float32Array.from(scattered.flatMap((row) => [...row]));
    return Promise.resolve({ states: { data, shape: [texts.length, LENGTH, WIDTH] } });
  },
  cutWords: () => Promise.resolve(""),
  countChunks: () => Promise.resolve(1),
  plan: () => Promise.resolve({ graphs: [], promptLength: LENGTH }),
};

/** A teacher of another family: the UNet above with random weights, the autoencoder of TINY. */
async function openOtherTeacher(): Promise<TeacherFolder> {
  const config = () => new ModelConfig("unet/config.json", UNET);
  const weights = [...streamSafetensors(recordWeights(config()), "float32")];
  const bytes = new Uint8Array(await new Blob(weights).arrayBuffer());
  const { vae, vaeLocation } = await openTeacherFolder(TINY);
  return new TeacherFolder({
    name: "other",
    folder: memoryFolder({ "unet/diffusion_pytorch_model.safetensors": bytes }),
    unet: parseUnetConfig(config()),
    vae,
    vaeLocation,
    loras: [],
    promptEncoder: STATES_ONLY,
  });
}

/** Notes the inputs of the graphs that are loaded. */
function notingInputs(sessions: SessionLoader, inputs: Map<string, string[]>): SessionLoader {
  return {
    runtime: sessions.runtime,
    gpu: sessions.gpu,
    load(graph, options) {
      inputs.set(graph.name, graph.inputs.map(({ name }) => name));
      return sessions.load(graph, options);
    },
  };
}

gpuTest("a family whose encoder gives hidden states only needs no other change", async (gpu) => {
  const teacher = await openOtherTeacher();
  const inputs = new Map<string, string[]>();
  const sessions = notingInputs(new OrtSessions({ runtime: "wasm", gpu }), inputs);
  const schedule = await NoiseSchedule.open(TINY);
  const predict = async (prompt: string) => {
    const prompts = await encodePrompts(sessions, teacher, { prompt, negativePrompt: "" });
    await using denoiser = await Denoiser.create(gpu, { sessions, teacher, schedule, prompts });
    assert.equal(denoiser.rows, 2);
    const latents = { data: scatter(2 * 4 * 16 * 16), shape: [2, 4, 16, 16] };
    return await denoiser.predictHost(latents, 500);
  };
  const castle = await predict("a castle");
  assert.deepEqual([...inputs], [["unet", ["sample", "timestep", "encoder_hidden_states"]]]);
  assert(castle.length === 2 * 4 * 16 * 16 && castle.every(Number.isFinite));
  // Only the second row has another prompt.
  const dragon = await predict("a red dragon");
  const half = castle.length / 2;
  assert.deepEqual(dragon.subarray(0, half), castle.subarray(0, half));
  assert.notDeepEqual(dragon.subarray(half), castle.subarray(half));
});

Deno.test("planNetworks() plans the text encoders of the family", async () => {
  const options = {
    rows: 2,
    teacherSize: { height: 128, width: 128 },
    controlnets: [],
    decodes: false,
    precision: "float32",
  } as const;
  const names = async (teacher: TeacherFolder) =>
    (await planNetworks(teacher, options)).networks.map(({ name }) => name);
  const others = ["UNet", "autoencoder encoder forward", "autoencoder encoder backward"];
  assert.deepEqual(await names(await openOtherTeacher()), others);
  assert.deepEqual(await names(await openTeacherFolder(TINY)), [
    "text encoder 1",
    "text encoder 2",
    ...others,
  ]);
});
