import { buildUnet } from "../../../../lib/models/unet/unet_2d_condition_model.ts";
import { readUnetConfig } from "../../../../lib/models/unet/unet_config.ts";
import { memorySource } from "../../../../lib/weights/byte_source.ts";
import { fileSource } from "../../../../lib/weights/file_source.ts";
import { LoraFile } from "../../../../lib/lora/lora_file.ts";
import { mergeLoras } from "../../../../lib/lora/lora_merge.ts";
import { writeSafetensors } from "../../../../lib/weights/safetensors_writer.ts";
import { goldenPath, readGolden } from "../../../support/goldens.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph } from "../../onnx/run_graph.ts";
import { assertAgrees, openWeights, runOnWebgpu, teacher } from "../agreement.ts";

const golden = readGolden("unet_controlnet");
const expected = readGolden("lora_expected");
const scale = expected.metadata["scale"] as number;
const config = await readUnetConfig(teacher);
const sizes = { batch: 2, height: 16, width: 16, promptLength: 77 };
const feeds = {
  sample: expected.tensor("latents"),
  timestep: golden.tensor("timestep"),
  encoder_hidden_states: golden.tensor("prompt_embeds"),
  text_embeds: golden.tensor("pooled_prompt_embeds"),
  time_ids: golden.tensor("time_ids"),
};

function openLora(name: string): LoraFile {
  return LoraFile.fromSource(fileSource(goldenPath(`${name}.safetensors`)));
}

for (const layout of ["diffusers", "kohya"] as const) {
  Deno.test(`mergeLoras() agrees with the reference: layout of ${layout}`, async () => {
    using weights = await openWeights("unet");
    using lora = openLora(`lora_${layout}`);
    const merged = mergeLoras(weights, "unet", [{ lora, scale }]);
    const outputs = await runGraph(buildUnet(merged, config, sizes), feeds);
    const noisePred = expected.tensor(`noise_pred_${layout}`);
    assertAgrees(outputs["noise_pred"]!, noisePred, { name: "noise_pred" });
  });
}

gpuTest("mergeLoras() agrees with the reference on WebGPU", async (gpu) => {
  using weights = await openWeights("unet");
  using lora = openLora("lora_kohya");
  const merged = mergeLoras(weights, "unet", [{ lora, scale }]);
  const outputs = await runOnWebgpu(gpu, buildUnet(merged, config, sizes), feeds);
  const noisePred = expected.tensor("noise_pred_kohya");
  assertAgrees(outputs["noise_pred"]!, noisePred, { name: "noise_pred" });
});

/** Blocks of the tiny UNet by their names in Stability's code, which are those of SDXL. */
const SGM_PLACES: readonly (readonly [RegExp, string])[] = [
  [/down_blocks_0_resnets_0_conv1/, "input_blocks_1_0_in_layers_2"],
  [/down_blocks_0_resnets_1_conv1/, "input_blocks_2_0_in_layers_2"],
  [/down_blocks_1_attentions_0/, "input_blocks_4_1"],
  [/down_blocks_1_attentions_1/, "input_blocks_5_1"],
  [/down_blocks_2_attentions_0/, "input_blocks_7_1"],
  [/down_blocks_2_attentions_1/, "input_blocks_8_1"],
  [/mid_block_attentions_0/, "middle_block_1"],
  [/up_blocks_0_attentions_0/, "output_blocks_0_1"],
  [/up_blocks_0_attentions_1/, "output_blocks_1_1"],
  [/up_blocks_0_attentions_2/, "output_blocks_2_1"],
  [/up_blocks_1_attentions_0/, "output_blocks_3_1"],
  [/up_blocks_1_attentions_1/, "output_blocks_4_1"],
  [/up_blocks_1_attentions_2/, "output_blocks_5_1"],
];

Deno.test("mergeLoras() agrees with the reference: kohya's names for SDXL", async () => {
  const kohya = readGolden("lora_kohya");
  const tensors = Object.fromEntries(kohya.names.map((name) => {
    const place = SGM_PLACES.find(([pattern]) => pattern.test(name));
    if (!place) throw new RangeError(`Cannot rename "${name}"`);
    return [name.replace(...place), kohya.tensor(name)];
  }));
  using weights = await openWeights("unet");
  using lora = LoraFile.fromSource(memorySource(writeSafetensors(tensors), "sgm"));
  const merged = mergeLoras(weights, "unet", [{ lora, scale }]);
  const outputs = await runGraph(buildUnet(merged, config, sizes), feeds);
  const noisePred = expected.tensor("noise_pred_kohya");
  assertAgrees(outputs["noise_pred"]!, noisePred, { name: "noise_pred" });
});
