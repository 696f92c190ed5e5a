import assert from "node:assert/strict";
import {
  type ControlnetConfig,
  parseControlnetConfig,
  readControlnetConfig,
} from "../../../../lib/models/unet/controlnet_config.ts";
import { buildControlnet } from "../../../../lib/models/unet/controlnet_model.ts";
import { ModelConfig } from "../../../../lib/models/model_config.ts";
import type { HostTensor } from "../../../../lib/onnx/runtime/session.ts";
import { readGolden } from "../../../support/goldens.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph } from "../../onnx/run_graph.ts";
import { assertAgrees, openWeights, runOnWebgpu, teacher } from "../agreement.ts";

const golden = readGolden("unet_controlnet");
const scales = golden.metadata["conditioning_scale"] as Record<string, number>;
const sizes = { batch: 2, height: 16, width: 16, promptLength: 77 };

function feeds(subfolder: string): Record<string, HostTensor> {
  return {
    sample: golden.tensor("latents"),
    timestep: golden.tensor("timestep"),
    encoder_hidden_states: golden.tensor("prompt_embeds"),
    text_embeds: golden.tensor("pooled_prompt_embeds"),
    time_ids: golden.tensor("time_ids"),
    controlnet_cond: golden.tensor("control_image"),
    conditioning_scale: { data: Float32Array.of(scales[subfolder]!), shape: [1] },
  };
}

function assertResiduals(outputs: Record<string, HostTensor>, subfolder: string): void {
  assert.equal(Object.keys(outputs).length, 10);
  for (let i = 0; i < 9; i++) {
    const name = `down_block_residual_${i}`;
    assertAgrees(outputs[name]!, golden.tensor(`${subfolder}.down.${i}`), { name });
  }
  const name = "mid_block_residual";
  assertAgrees(outputs[name]!, golden.tensor(`${subfolder}.mid`), { name });
}

// The first is stored in float16; the last has no attention in its down blocks.
for (const subfolder of ["controlnet_canny", "controlnet_depth", "controlnet_small"]) {
  Deno.test(`buildControlnet() agrees with ControlNetModel: ${subfolder}`, async () => {
    using weights = await openWeights(subfolder);
    const config = await readControlnetConfig(teacher, subfolder);
    const outputs = await runGraph(buildControlnet(weights, config, sizes), feeds(subfolder));
    assertResiduals(outputs, subfolder);
  });
}

gpuTest("buildControlnet() agrees with ControlNetModel on WebGPU", async (gpu) => {
  const subfolder = "controlnet_depth";
  using weights = await openWeights(subfolder);
  const config = await readControlnetConfig(teacher, subfolder);
  const graph = buildControlnet(weights, config, sizes);
  assertResiduals(await runOnWebgpu(gpu, graph, feeds(subfolder)), subfolder);
});

Deno.test("buildControlnet() takes the size of the control image from the checkpoint", async () => {
  using weights = await openWeights("controlnet_small");
  const config = await readControlnetConfig(teacher, "controlnet_small");
  assert.equal(config.conditioningFactor, 8);
  const odd = { ...sizes, height: 15, width: 9 };
  const { inputs, outputs } = buildControlnet(weights, config, odd);
  const shapeOf = (name: string) =>
    [...inputs, ...outputs].find((value) => value.name === name)!.shape;
  assert.deepEqual(shapeOf("controlnet_cond"), [1, 3, 120, 72]);
  assert.deepEqual(shapeOf("down_block_residual_0"), [2, 16, 15, 9]);
  assert.deepEqual(shapeOf("mid_block_residual"), [2, 48, 4, 3]);
});

Deno.test("parseControlnetConfig() refuses unsupported options", async () => {
  const path = "controlnet_canny/config.json";
  const options: Record<string, unknown> = JSON.parse(await teacher.text(path));
  const parse = (changes: Record<string, unknown>): ControlnetConfig =>
    parseControlnetConfig(new ModelConfig("config.json", { ...options, ...changes }));
  assert.equal(parse({ mid_block_type: "UNetMidBlock2D" }).midBlock.transformerLayers, undefined);
  const refused: Record<string, unknown> = {
    _class_name: "UNet2DConditionModel",
    conditioning_channels: 1,
    controlnet_conditioning_channel_order: "bgr",
    global_pool_conditions: true,
    mid_block_type: null,
    up_block_types: ["UpBlock2D", "UpBlock2D", "UpBlock2D"],
  };
  for (const [key, value] of Object.entries(refused)) {
    assert.throws(() => parse({ [key]: value }), { name: "ModelConfigError", key, value });
  }
});
