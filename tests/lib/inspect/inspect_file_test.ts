import assert from "node:assert/strict";
import { describeReport } from "../../../lib/inspect/describe_report.ts";
import { inspectModel } from "../../../lib/inspect/inspect_model.ts";
import type { ModelReport } from "../../../lib/inspect/model_report.ts";
import { type KeyList, readKeyList, writeSparse } from "../../support/sparse_weights.ts";
import type { SparseOptions } from "../../support/sparse_weights.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

/** Inspects a sparse file with the given tensors. */
async function inspect(keys: KeyList, options: SparseOptions = {}): Promise<ModelReport> {
  const reports: ModelReport[] = [];
  await inTemporaryFolder(async (folder) => {
    reports.push(await inspectModel(await writeSparse(folder, keys, options)));
  });
  const report = reports[0]!;
  const { total, used, ignored, unsupported, unknown } = report.tensors;
  // Every tensor is in exactly one list.
  assert.equal(used + ignored.length + unsupported.length + unknown.length, total);
  return report;
}

Deno.test("the published SDXL file is recognized, and each of its 2,515 tensors accounted for", async () => {
  const report = await inspect(await readKeyList("sdxl_base_single_file"));
  assert.equal(report.family, "SDXL base");
  assert.equal(report.byteLength, 6_937_675_890);
  assert.equal(report.predictionType, "epsilon");
  const { total, used, ignored, unknown, missing, misshapen } = report.tensors;
  assert.deepEqual({ total, used }, { total: 2515, used: 2513 });
  assert.deepEqual(ignored.map(({ key, shape }) => `${key} ${shape}`), [
    "conditioner.embedders.0.transformer.text_model.embeddings.position_ids 1,77",
    "conditioner.embedders.1.model.logit_scale ",
  ]);
  assert.deepEqual([...unknown, ...missing, ...misshapen], []);
  assert.deepEqual(
    report.parts.map(({ name, tensors, precision }) => [name, tensors, precision]),
    [
      ["unet", 1680, { F16: 1680 }],
      ["vae", 248, { F16: 248 }],
      ["text_encoder", 196, { F16: 196 }],
      ["text_encoder_2", 389, { F16: 389 }],
    ],
  );
});

Deno.test("a missing, an unknown and a misshapen tensor of a checkpoint are named with their shapes", async () => {
  const keys = await readKeyList("sdxl_base_single_file");
  const first = "model.diffusion_model.out.2.bias";
  const report = await inspect([
    ...keys.filter((line) =>
      !line.startsWith(`${first} `) && !line.includes("input_blocks.1.0.in")
    ),
    `${first} [7]`,
    "model.diffusion_model.strange.weight [3,5]",
    "v_pred [0]",
    "ztsnr [0]",
  ]);
  assert.equal(report.isUsable, false);
  const { unknown, missing, misshapen } = report.tensors;
  assert.deepEqual(unknown, [{ key: "model.diffusion_model.strange.weight", shape: [3, 5] }]);
  assert.deepEqual(misshapen, [{ key: first, shape: [7], expected: [4] }]);
  assert.deepEqual(
    missing.map(({ key }) => key).sort(),
    [
      "unet.down_blocks.0.resnets.0.conv1.bias",
      "unet.down_blocks.0.resnets.0.conv1.weight",
      "unet.down_blocks.0.resnets.0.norm1.bias",
      "unet.down_blocks.0.resnets.0.norm1.weight",
    ].sort(),
  );
  assert.deepEqual(report.markers, ["v_pred", "ztsnr"]);
  assert.equal(report.predictionType, "v_prediction");
});

Deno.test("metadata tells the prediction type of a file without markers", async () => {
  const keys = await readKeyList("sdxl_base_single_file");
  const report = await inspect(keys, { metadata: { "modelspec.prediction_type": "v" } });
  assert.equal(report.predictionType, "v_prediction");
  assert(!report.notes.join().includes("prediction type"));
});

const LORAS: readonly (readonly [list: string, formats: readonly string[], isUsable: boolean])[] = [
  ["lora_kohya", ["LoRA"], true],
  ["lora_lcm", ["LoRA"], true],
  ["loha", ["LoHa"], true],
  ["lokr", ["LoKr"], true],
  ["dora_peft", ["LoRA", "DoRA"], true],
  ["lora_bundle_emb", ["LoRA", "embedded textual inversion"], true],
  ["lora_mid", ["LoRA", "LoRA with Tucker decomposition"], true],
  ["lora_comfy", ["LoRA"], true],
  ["lora_diff", ["LoRA", "full differences"], true],
];

for (const [list, formats, isUsable] of LORAS) {
  Deno.test(`a LoRA of the kind ${list} is recognized`, async () => {
    const report = await inspect(await readKeyList(list));
    assert.equal(report.family, "LoRA for SDXL");
    assert.deepEqual(report.lora!.formats, formats);
    assert.deepEqual(report.tensors.unknown, []);
    assert.equal(report.isUsable, isUsable, report.use);
    if (!isUsable) assert.match(report.use, new RegExp(RegExp.escape(formats.at(-1)!)));
  });
}

const U = "model.diffusion_model";
const CROSS = "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight";

/** First keys of files, and what they are. */
const FAMILIES: readonly (readonly [family: string, keys: KeyList])[] = [
  ["SDXL refiner", [
    `${U}.input_blocks.0.0.weight [384,4,3,3]`,
    `${U}.label_emb.0.0.weight [1536,2560]`,
    `${U}.${CROSS} [768,1280]`,
  ]],
  ["SDXL inpainting", [
    `${U}.input_blocks.0.0.weight [320,9,3,3]`,
    `${U}.label_emb.0.0.weight [1280,2816]`,
    `${U}.${CROSS} [640,2048]`,
  ]],
  ["SDXL InstructPix2Pix", [
    "conv_in.weight [320,8,3,3]",
    "add_embedding.linear_1.weight [1280,2816]",
    "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight [640,2048]",
  ]],
  ["CosXL", [`${U}.input_blocks.0.0.weight [320,4,3,3]`, "edm_vpred.sigma_max []"]],
  ["UNet distilled for LCM", [
    "conv_in.weight [320,4,3,3]",
    "time_embedding.cond_proj.weight [320,256]",
  ]],
  ["Stable Diffusion 1.5 inpainting", [
    `${U}.input_blocks.0.0.weight [320,9,3,3]`,
    `${U}.${CROSS} [640,768]`,
  ]],
  ["Stable unCLIP", [
    `${U}.input_blocks.0.0.weight [320,4,3,3]`,
    `${U}.label_emb.0.0.weight [1280,2048]`,
    `${U}.${CROSS} [640,1024]`,
  ]],
  ["Stable Video Diffusion", [
    `${U}.input_blocks.1.1.time_stack.0.attn1.to_k.weight [320,320]`,
    `${U}.input_blocks.0.0.weight [320,8,3,3]`,
  ]],
  ["AnimateDiff motion module", [
    "down_blocks.0.motion_modules.0.temporal_transformer.norm.weight [320]",
  ]],
  ["union ControlNet", [
    "controlnet_cond_embedding.conv_in.weight [16,3,3,3]",
    "task_embedding [6,320]",
    "add_embedding.linear_1.weight [1280,2816]",
  ]],
  ["T2I-Adapter", ["adapter.body.0.resnets.0.block1.weight [320,320,3,3]"]],
  ["IP-Adapter", ["ip_adapter.1.to_k_ip.weight [640,2048]"]],
  ["Flux", [
    "double_blocks.0.img_attn.qkv.weight [9216,3072]",
    "single_blocks.0.linear1.weight [21504,3072]",
  ]],
  ["Flux", [
    "transformer_blocks.0.attn.add_k_proj.weight [3072,3072]",
    "single_transformer_blocks.0.attn.to_k.weight [3072,3072]",
  ]],
  ["Stable Diffusion 3", [`${U}.joint_blocks.0.x_block.attn.qkv.weight [4608,1536]`]],
  ["PixArt", [
    "adaln_single.linear.weight [6912,1152]",
    "caption_projection.linear_1.weight [1152,4096]",
    "pos_embed.proj.weight [1152,4,2,2]",
  ]],
  ["Stable Cascade", [
    "clip_txt_mapper.weight [2048,1280]",
    "down_blocks.0.0.depthwise.weight [2]",
  ]],
  ["Wan", [
    "blocks.0.self_attn.q.weight [1536,1536]",
    "blocks.0.cross_attn.q.weight [1536,1536]",
  ]],
  ["autoencoder of Flux or Stable Diffusion 3", [
    "decoder.conv_in.weight [512,16,3,3]",
    "encoder.mid.block_1.norm1.weight [512]",
  ]],
  ["tiny autoencoder", [
    "encoder.layers.0.weight [64,3,3,3]",
    "encoder.layers.1.conv.0.weight [64,64,3,3]",
  ]],
  ["CLIP", ["vision_model.embeddings.class_embedding [768]", "logit_scale []"]],
  ["CLIP text encoder", ["text_model.embeddings.token_embedding.weight [49408,768]"]],
  ["T5 text encoder", ["encoder.block.0.layer.0.SelfAttention.q.weight [4096,4096]"]],
  ["textual inversion for SDXL", ["clip_l [2,768]", "clip_g [2,1280]"]],
  ["textual inversion for Stable Diffusion 1 or CLIP-L", ["emb_params [4,768]"]],
  ["textual inversion in the format of its author", ["string_to_param.* [2,768]"]],
  ["Zero123", [
    `${U}.input_blocks.0.0.weight [320,8,3,3]`,
    `${U}.${CROSS} [640,768]`,
    "cc_projection.weight [768,772]",
  ]],
  ["Stable Diffusion 2 with an image", [
    `${U}.input_blocks.0.0.weight [320,8,3,3]`,
    `${U}.${CROSS} [640,1024]`,
  ]],
  ["SUPIR", [
    "model.control_model.input_blocks.0.0.weight [320,4,3,3]",
    "model.diffusion_model.project_modules.0.norm.weight [640]",
  ]],
  ["Kandinsky 3", [
    "conv_in.weight [384,4,3,3]",
    "encoder_hid_proj.projection_linear.weight [4096,2048]",
  ]],
  ["DeepFloyd IF", [
    "conv_in.weight [320,3,3,3]",
    "encoder_hid_proj.weight [1280,4096]",
    "add_embedding.norm1.weight [1280]",
  ]],
  ["Kandinsky 2", [
    "conv_in.weight [384,4,3,3]",
    "add_embedding.image_norm.weight [1536]",
    "encoder_hid_proj.image_embeds.weight [24576,1280]",
  ]],
  ["Playground v2.5", [`${U}.input_blocks.0.0.weight [320,4,3,3]`, "edm_mean [4]", "edm_std [4]"]],
  ["Flux 2", [
    "double_stream_modulation_img.lin.weight [18432,3072]",
    "double_blocks.0.img_attn.qkv.weight [9216,3072]",
    "single_blocks.0.linear1.weight [1,1]",
  ]],
  ["Sana", [
    "patch_embed.proj.weight [2240,32,1,1]",
    "transformer_blocks.0.ff.conv_inverted.weight [11200,2240,1,1]",
  ]],
  ["Würstchen prior", ["blocks.0.kv_mapper.1.weight [1536,1536]", "projection.weight [1536,16]"]],
  ["AuraFlow", ["joint_transformer_blocks.0.attn.to_q.weight [3072,3072]"]],
  ["AuraFlow", ["model.double_layers.0.attn.w1k.weight [3072,3072]"]],
  ["Cosmos", ["blocks.0.adaln_modulation_self_attn.1.weight [256,2048]"]],
  ["OmniGen", [
    "llm.layers.0.self_attn.qkv_proj.weight [9216,3072]",
    "input_x_embedder.proj.weight [3072,4,2,2]",
  ]],
  ["OmniGen 2", [
    "ref_image_patch_embedder.weight [2520,64]",
    "time_caption_embed.caption_embedder.0.weight [2048]",
  ]],
  ["ACE-Step", [
    "transformer_blocks.0.attn.to_q.weight [2560,2560]",
    "lyric_embs.weight [6693,1024]",
  ]],
  ["Stable Audio", ["model.model.transformer.layers.0.self_attn.to_qkv.weight [4608,1536]"]],
  ["Lumina 2 or Z-Image", [
    "cap_embedder.1.weight [3840,2560]",
    "noise_refiner.0.attention.qkv.weight [11520,3840]",
  ]],
  ["PhotoMaker", [
    "id_encoder.vision_model.embeddings.class_embedding [1024]",
    "lora_weights.unet.down_blocks.1.attn1.processor.to_q_lora.down.weight [64,640]",
  ]],
  ["BrushNet", ["brushnet_down_blocks.0.weight [320,320,1,1]", "conv_in.weight [320,4,3,3]"]],
  ["ELLA", ["connector.resamplers.0.attn.in_proj_weight [2304,768]", "latents [64,768]"]],
  ["motion LoRA of AnimateDiff", [
    "down_blocks.0.motion_modules.0.attention_blocks.0.processor.to_q_lora.down.weight [32,320]",
  ]],
  ["hypernetwork", ["768.0.linear.0.weight [1536,768]", "768.0.linear.0.bias [1536]"]],
  ["Control-LoRA", ["lora_controlnet []", "input_blocks.0.0.weight [320,4,3,3]"]],
  ["ControlNet-LLLite", ["lllite_unet_input_blocks_4_1_attn1_to_q.down.0.weight [64,640]"]],
  ["empty", []],
  ["unknown", ["something.weight [3,4]", "else []"]],
];

for (const [family, keys] of FAMILIES) {
  Deno.test(`${family} is recognized by ${keys[0]}, and refused by name`, async () => {
    const report = await inspect(keys);
    assert.equal(report.family, family);
    assert.equal(report.isUsable, false);
    assert.match(report.use, /^Smalti cannot use it: it is /);
  });
}

/** First keys of files that are usable if they are whole. */
const CUT: readonly (readonly [family: string, keys: KeyList])[] = [
  ["SDXL ControlNet", [
    "controlnet_cond_embedding.conv_in.weight [16,3,3,3]",
    "conv_in.weight [320,4,3,3]",
    "add_embedding.linear_1.weight [1280,2816]",
  ]],
  ["ControlNet of Stable Diffusion", [
    "control_model.input_hint_block.0.weight [16,3,3,3]",
    "control_model.zero_convs.0.0.weight [320,320,1,1]",
  ]],
  ["Stable Diffusion 1.5", [
    `${U}.input_blocks.0.0.weight [320,4,3,3]`,
    `${U}.${CROSS} [640,768]`,
    "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight [49408,768]",
  ]],
  ["Stable Diffusion 2", [
    `${U}.input_blocks.0.0.weight [320,4,3,3]`,
    `${U}.${CROSS} [640,1024]`,
    "cond_stage_model.model.transformer.resblocks.0.ln_1.weight [1024]",
  ]],
];

for (const [family, keys] of CUT) {
  Deno.test(`${family} is recognized by a few keys, which are not enough to use it`, async () => {
    const report = await inspect(keys);
    assert.equal(report.family, family);
    assert.equal(report.isUsable, false);
    assert.match(report.use, /^Smalti cannot use it: .* its tensors do not tell /);
  });
}

Deno.test("the keys of an autoencoder are recognized, and what is missing is named", async () => {
  const report = await inspect([
    "decoder.conv_in.weight [512,4,3,3]",
    "decoder.mid.attn_1.q.weight [512,512,1,1]",
  ]);
  assert.equal(report.family, "autoencoder of SDXL or Stable Diffusion");
  assert.equal(report.isUsable, false);
});

Deno.test("training progress and the name of an 8-bit format change nothing", async () => {
  const keys = await readKeyList("sdxl_base_single_file");
  const query = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q";
  const report = await inspect([
    ...keys,
    "global_step []",
    "scaled_fp8 [2]",
    `${query}.weight_scale []`,
    `${query}.input_scale []`,
    `${query}.comfy_quant [20]`,
    "model_ema.decay []",
  ], { dtype: "F8_E4M3" });
  assert.equal(report.isUsable, true, report.use);
  assert.equal(report.tensors.ignored.length, 7);
});

const LORA_NAMES: readonly (readonly [string, string, KeyList, isUsable?: boolean])[] = [
  ["LoRA for SDXL", "GLoRA", ["lora_unet_input_blocks_4_1_proj_in.a1.weight [4,640]"]],
  ["LoRA for Stable Diffusion 1.5 or 2", "LoRA", [
    "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight [4,768]",
    "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight [3072,4]",
  ], true],
  ["LoRA for Stable Diffusion 1.5", "LoRA", [
    "lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight [8,320,1,1]",
    "lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight [320,8,1,1]",
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight [8,768]",
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_up.weight [320,8]",
  ], true],
  ["LoRA for Stable Diffusion 2", "LoRA", [
    "lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight [8,320]",
    "lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight [320,8]",
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight [8,1024]",
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_up.weight [320,8]",
  ], true],
  ["LoRA for Stable Diffusion 3 or Qwen-Image", "LoRA", [
    "transformer.transformer_blocks.0.attn.add_k_proj.lora_A.weight [8,1536]",
  ]],
  ["LoRA for Flux or HunyuanVideo", "LoRA", [
    "lora_unet_double_blocks_0_img_attn_proj.lora_down.weight [16,3072]",
  ]],
  ["LoRA for Stable Diffusion 1.5", "LoRA", [
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight [8,768]",
  ]],
  ["LoRA for Wan", "LoRA", ["diffusion_model.blocks.0.self_attn.q.lora_A.weight [8,1536]"]],
  ["LoRA for SDXL", "GLoRA", [
    "lora_unet_input_blocks_4_1_proj_in.a1.weight [640,4]",
    "lora_unet_input_blocks_4_1_proj_in.a2.weight [4,640]",
    "lora_unet_input_blocks_4_1_proj_in.b1.weight [640,4]",
    "lora_unet_input_blocks_4_1_proj_in.b2.weight [4,640]",
  ], true],
  ["LoRA for SDXL", "OFT", ["oft_unet_input_blocks_4_1_proj_in.oft_blocks [4,160,160]"], true],
  ["LoRA for SDXL", "OFT", ["lora_unet_input_blocks_4_1_proj_in.oft_blocks [5,4,160,160]"], false],
  ["LoRA for SDXL", "(IA)^3", [
    "lora_unet_input_blocks_4_1_proj_in.weight [640]",
    "lora_unet_input_blocks_4_1_proj_in.on_input []",
  ], true],
  ["LoRA for SDXL", "LoRA", [
    "lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight [4,1280]",
  ]],
];

for (const [family, format, keys, isUsable = false] of LORA_NAMES) {
  Deno.test(`${family} of the format ${format} is recognized by ${keys[0]}`, async () => {
    const report = await inspect(keys);
    assert.equal(report.family, family);
    assert.deepEqual(report.lora!.formats, [format]);
    assert.equal(report.isUsable, isUsable, report.use);
  });
}

Deno.test("a B-LoRA and a LoRA of text encoders alone are told in notes", async () => {
  const up = "unet.up_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
  const b = await inspect([`${up}.lora_A.weight [4,1280]`, `${up}.lora_B.weight [1280,4]`]);
  assert.match(b.notes.join(), /B-LoRA/);
  assert.equal(b.isUsable, true, b.use);
  const text = "text_encoder.text_model.encoder.layers.0.self_attn.q_proj";
  const te = await inspect([`${text}.lora_A.weight [4,768]`, `${text}.lora_B.weight [768,4]`]);
  assert.match(te.notes.join(), /text encoders only/);
});

Deno.test("control characters in a key are made visible, and add no line", async () => {
  const report = await inspect(["a\u001b[31m\nusable: yes [2]"]);
  const text = describeReport(report);
  assert.match(text, /unknown: a\\u001b\[31m\\u000ausable: yes \[2\]/);
});
