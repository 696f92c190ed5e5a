import type { KeyFamily } from "./key_family.ts";

const UNET_KEYS =
  /^(control_model\.|controlnet\.)?(time_embed|label_emb|time_embedding|add_embedding|input_blocks|middle_block|conv_in|down_blocks|mid_block|input_hint_block|zero_convs|middle_block_out|controlnet_cond_embedding|controlnet_down_blocks|controlnet_mid_block)\b/;

/** Networks that are added to a teacher. */
export const ADAPTER_FAMILIES: readonly KeyFamily[] = [
  {
    name: "union ControlNet",
    kind: "ControlNet",
    signs: [{ key: /(^|\.)(task_embedding|control_add_embedding\.|spatial_ch_projs)/ }],
    keys: [
      UNET_KEYS,
      /(^|\.)(task_embedding|transformer_lay|control_add_embedding|spatial_ch_projs)/,
    ],
    refusal: "a union ControlNet, which takes the kind of its control image as an input; " +
      "use a ControlNet for one kind",
  },
  {
    name: "Flux ControlNet",
    kind: "ControlNet",
    signs: [{ key: /^controlnet_(x_embedder|blocks)\./ }],
    keys: [/./],
    refusal: "a ControlNet of a diffusion transformer; Smalti uses those of SDXL",
  },
  {
    name: "ControlNet-LLLite",
    kind: "ControlNet",
    signs: [{ key: /^lllite_(unet|dit)_/ }],
    keys: [/^lllite_/],
    refusal: "a ControlNet-LLLite; use a ControlNet in diffusers layout",
  },
  {
    name: "Control-LoRA",
    kind: "ControlNet",
    signs: [{ key: /^lora_controlnet$/ }],
    keys: [/./],
    refusal: "a Control-LoRA; use a ControlNet in diffusers layout",
  },
  {
    name: "SDXL ControlNet",
    kind: "ControlNet",
    signs: [{ key: /(^|\.)(controlnet_cond_embedding\.conv_in|input_hint_block\.0)\./ }, {
      key: /(^|\.)(add_embedding|label_emb)\./,
    }],
  },
  {
    name: "ControlNet of Stable Diffusion",
    kind: "ControlNet",
    signs: [{ key: /(^|\.)(controlnet_cond_embedding\.conv_in|input_hint_block\.0)\./ }],
  },
  {
    name: "T2I-Adapter",
    kind: "adapter",
    signs: [{
      key: /^(adapter\.)?body\.0\.(resnets\.0|block1|in_conv)\.|^(adapter\.)?body\.\d+\.block1\./,
    }],
    keys: [/^(adapter\.)?(body|conv_in|total_downscale|unshuffle)\b/],
    refusal: "a T2I-Adapter; use a ControlNet",
  },
  {
    name: "IP-Adapter",
    kind: "adapter",
    signs: [{ key: /^(ip_adapter|image_proj(_model)?)\./ }],
    keys: [/^(ip_adapter|image_proj(_model)?|adapter_modules)\./],
    refusal: "an IP-Adapter, which takes an image as a prompt",
  },
  {
    name: "PhotoMaker",
    kind: "adapter",
    signs: [{ key: /^id_encoder\./ }],
    keys: [/^(id_encoder|lora_weights)\./],
    refusal: "a PhotoMaker, which takes the image of a person as a prompt",
  },
  {
    name: "BrushNet",
    kind: "ControlNet",
    signs: [{ key: /^brushnet_(down|mid|up)_block/ }],
    keys: [/./],
    refusal: "a BrushNet, which fills a masked part of an image",
  },
  {
    name: "ELLA",
    kind: "adapter",
    signs: [{ key: /^connector\.resamplers\./ }],
    keys: [/^(connector\.|latents$|time_|proj_)/],
    refusal: "an ELLA adapter, which encodes prompts by T5",
  },
  {
    name: "motion LoRA of AnimateDiff",
    kind: "adapter",
    signs: [{ key: /\.motion_modules\..*lora/ }],
    keys: [/\.motion_modules\./],
    refusal: "a motion LoRA of AnimateDiff, which makes videos",
  },
  {
    name: "hypernetwork",
    kind: "adapter",
    signs: [{ key: /^(320|640|768|1024|1280|2048)\.[01]\.linear\.\d+\.weight$/ }],
    keys: [/^\d+\.[01]\.linear\.\d+\.(weight|bias)$/],
    refusal: "a hypernetwork; use a LoRA",
  },
  {
    name: "GLIGEN",
    kind: "adapter",
    signs: [{ key: /(^|\.)position_net\./ }],
    keys: [/./],
    refusal: "a GLIGEN adapter",
  },
];
