/**
 * The UNet of Stable Diffusion 1.5 and 2 against PyTorch: see make_sd15.py beside the fixtures,
 * whose networks agree with diffusers on the tiny SDXL.
 */
import { readControlnetConfig } from "../../../../lib/models/unet/controlnet_config.ts";
import { buildControlnet } from "../../../../lib/models/unet/controlnet_model.ts";
import {
  buildUnet,
  type UnetOptions,
} from "../../../../lib/models/unet/unet_2d_condition_model.ts";
import { readUnetConfig } from "../../../../lib/models/unet/unet_config.ts";
import type { HostTensor } from "../../../../lib/onnx/runtime/session.ts";
import { openModelFolder } from "../../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../../lib/weights/state_dict.ts";
import { goldenPath, readGolden } from "../../../support/goldens.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph } from "../../onnx/run_graph.ts";
import { assertAgrees, runOnWebgpu } from "../agreement.ts";

const teacher = openModelFolder(goldenPath("tiny-sd15"));
const golden = readGolden("sd15");
const config = await readUnetConfig(teacher);
const sizes: UnetOptions = { batch: 2, height: 16, width: 16, promptLength: 77 };
const prompts = golden.tensor("prompt_embeds");

const feeds: Record<string, HostTensor> = {
  sample: golden.tensor("latents"),
  timestep: golden.tensor("timestep"),
  encoder_hidden_states: { shape: [2, 77, 128], data: prompts.data.slice(0, 2 * 77 * 128) },
};

/** Max relative norm of the difference to float64; measured: 3e-7. */
const tolerance = 1e-5;

Deno.test("buildUnet() computes SD 1.5's UNet: convolutions as projections, 8 heads", async () => {
  using weights = await StateDict.open(teacher, "unet");
  const outputs = await runGraph(buildUnet(weights, config, sizes), feeds);
  const expected = golden.tensor("unet.noise_pred");
  assertAgrees(outputs["noise_pred"]!, expected, { name: "noise_pred", tolerance });
});

gpuTest("buildUnet() computes SD 1.5's UNet on WebGPU", async (gpu) => {
  using weights = await StateDict.open(teacher, "unet");
  const outputs = await runOnWebgpu(gpu, buildUnet(weights, config, sizes), feeds);
  assertAgrees(outputs["noise_pred"]!, golden.tensor("unet.noise_pred"), { name: "noise_pred" });
});

Deno.test("buildUnet() computes SD 2's UNet: linear projections, heads by block", async () => {
  using stored = await StateDict.open(teacher, "unet");
  const entries = stored.keys().map((key) => {
    const entry = stored.get(key);
    const isProjection = /\.proj_(in|out)\.weight$/.test(key);
    const read: typeof entry.read = (...range) => entry.read(...range);
    return {
      ...entry,
      key,
      dtype: entry.dtype,
      read,
      shape: isProjection ? entry.shape.slice(0, 2) : entry.shape,
    };
  });
  const weights = StateDict.fromEntries(entries, "linear");
  const heads = [1, 2, 4];
  const blocksOf = (blocks: typeof config.downBlocks, numbers: readonly number[]) =>
    blocks.map((block, i) => ({ ...block, heads: numbers[i]! }));
  const second = {
    ...config,
    useLinearProjection: true,
    downBlocks: blocksOf(config.downBlocks, heads),
    upBlocks: blocksOf(config.upBlocks, heads.toReversed()),
    midBlock: { ...config.midBlock!, heads: heads.at(-1)! },
  };
  const outputs = await runGraph(buildUnet(weights, second, sizes), feeds);
  const expected = golden.tensor("unet.noise_pred_linear");
  assertAgrees(outputs["noise_pred"]!, expected, { name: "noise_pred", tolerance });
});

Deno.test("buildUnet() differentiates SD 1.5's UNet", async () => {
  using weights = await StateDict.open(teacher, "unet");
  const graph = buildUnet(weights, config, { ...sizes, gradient: true });
  const grad = golden.tensor("grad_noise_pred");
  const outputs = await runGraph(graph, { ...feeds, grad_noise_pred: grad });
  const expected = golden.tensor("grad_latents");
  assertAgrees(outputs["grad_sample"]!, expected, { name: "grad_sample", tolerance });
});

Deno.test("a ControlNet of SD 1.5 steers its UNet", async () => {
  using weights = await StateDict.open(teacher, "controlnet_canny");
  const controlnet = await readControlnetConfig(teacher, "controlnet_canny");
  const residuals = await runGraph(buildControlnet(weights, controlnet, sizes), {
    ...feeds,
    controlnet_cond: golden.tensor("control_image"),
    conditioning_scale: { data: Float32Array.of(0.7), shape: [1] },
  });
  for (const [name, tensor] of Object.entries(residuals)) {
    const index = /^down_block_residual_(\d)$/.exec(name)?.[1];
    const expected = golden.tensor(`controlnet_canny.${index ? `down.${index}` : "mid"}`);
    assertAgrees(tensor, expected, { name, tolerance });
  }
  using unet = await StateDict.open(teacher, "unet");
  const graph = buildUnet(unet, config, { ...sizes, residuals: true });
  const outputs = await runGraph(graph, { ...feeds, ...residuals });
  const expected = golden.tensor("unet.noise_pred_controlled");
  assertAgrees(outputs["noise_pred"]!, expected, { name: "noise_pred", tolerance });
});
