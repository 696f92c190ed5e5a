import assert from "node:assert/strict";
import { encodePrompts } from "../../../lib/conditioning/encode_prompts.ts";
import { openTeacherFolder, type TeacherFolder } from "../../../lib/conditioning/teacher_folder.ts";
import { LoadedUnet } from "../../../lib/guidance/loaded_unet.ts";
import { memorySource } from "../../../lib/weights/byte_source.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { findLora } from "../../../lib/lora/lora_file.ts";
import { LORA_FILE, splitLoraPaths } from "../../../lib/lora/lora_names.ts";
import { writeSafetensors } from "../../../lib/weights/safetensors_writer.ts";
import { goldenPath, readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { memoryFolder } from "../conditioning/memory_folder.ts";
import { assertAgrees } from "../models/agreement.ts";
import { WASM_SESSIONS } from "../onnx/run_graph.ts";
import { floatsOf } from "../../../lib/onnx/runtime/float_tensor.ts";

const TINY = openModelFolder(goldenPath("tiny-sdxl"));
const golden = readGolden("unet_controlnet");
const expected = readGolden("lora_expected");
const scale = expected.metadata["scale"] as number;

/** Makes a LoRA of one module, with factors of ones. */
function loraOf(module: string, outputs: number, inputs: number) {
  const ones = (shape: readonly number[]) => ({
    shape,
    data: new Float32Array(shape[0]! * shape[1]!).fill(1),
  });
  const tensors = {
    [`${module}.lora_A.weight`]: ones([1, inputs]),
    [`${module}.lora_B.weight`]: ones([outputs, 1]),
  };
  const source = () => Promise.resolve(memorySource(writeSafetensors(tensors), LORA_FILE));
  return { folder: { ...memoryFolder({}), source }, path: LORA_FILE };
}

function parts(teacher: TeacherFolder) {
  return { sessions: WASM_SESSIONS, teacher, constants: {} };
}

gpuTest("a UNet is loaded with the LoRAs of its teacher", async (gpu) => {
  for (const layout of ["diffusers", "kohya"] as const) {
    const lora = await findLora(goldenPath(`lora_${layout}.safetensors`), scale);
    const teacher = await openTeacherFolder(TINY, { loras: [lora] });
    const sizes = { batch: 2, height: 16, width: 16, promptLength: 77 };
    await using unet = await LoadedUnet.create(gpu, parts(teacher), sizes);
    const outputs = await unet.run({
      sample: expected.tensor("latents"),
      timestep: golden.tensor("timestep"),
      encoder_hidden_states: golden.tensor("prompt_embeds"),
      text_embeds: golden.tensor("pooled_prompt_embeds"),
      time_ids: golden.tensor("time_ids"),
    });
    assert(!("read" in outputs));
    const noisePred = expected.tensor(`noise_pred_${layout}`);
    assertAgrees({ ...outputs, data: floatsOf(outputs) }, noisePred, { name: "noise_pred" });
  }
});

Deno.test("prompts are encoded with the LoRAs of the teacher", async () => {
  const encode = async (factors: readonly number[]) => {
    const module = "text_encoder.text_model.encoder.layers.0.mlp.fc1";
    const loras = factors.map((factor) => ({ ...loraOf(module, 64, 32), scale: factor }));
    const teacher = await openTeacherFolder(TINY, { loras });
    const { states } = await encodePrompts(WASM_SESSIONS, teacher, { prompt: "a cat" });
    return states.data;
  };
  const [without, once, twice, both] = [
    await encode([]),
    await encode([0.5]),
    await encode([1]),
    await encode([0.5, 0.5]),
  ];
  assert.notDeepEqual(once, without);
  assert.notDeepEqual(twice, once);
  assert.deepEqual(both, twice);
});

gpuTest("keys of a LoRA that do not fit are refused with their names", async (gpu) => {
  const load = async (module: string) => {
    const teacher = await openTeacherFolder(TINY, {
      loras: [{ ...loraOf(module, 4, 4), scale: 1 }],
    });
    const options = { batch: 1, height: 8, width: 8, promptLength: 77 };
    await using _ = await LoadedUnet.create(gpu, parts(teacher), options);
  };
  await assert.rejects(load("unet.nowhere.to_q"), {
    name: "LoraError",
    message: /expected modules of the unet .*, got "unet\.nowhere\.to_q\.lora_A\.weight"$/,
  });
  await assert.rejects(load("unet.conv_in"), /expected factors of "conv_in\.weight"/);
});

Deno.test("LoRAs are named by files, folders and URLs, separated by commas", async () => {
  assert.deepEqual(splitLoraPaths(" a.safetensors, b/,"), ["a.safetensors", "b/"]);
  assert.deepEqual([splitLoraPaths(null), splitLoraPaths("")], [[], []]);
  for (
    const [location, folder, path] of [
      ["a/b.safetensors", "./a", "b.safetensors"],
      ["a/b:c/d.safetensors", "a/b", "c/d.safetensors"],
      ["/a/b.safetensors", "/a", "b.safetensors"],
      ["b.safetensors", ".", "b.safetensors"],
      ["a/b", "a/b", LORA_FILE],
      ["https://x.org/l/b.safetensors", "https://x.org/l/", "b.safetensors"],
    ] as const
  ) {
    const found = await findLora(location, 0.5);
    assert.deepEqual([found.folder.location, found.path, found.scale], [folder, path, 0.5]);
  }
});
