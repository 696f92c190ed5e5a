import type { KeyFamily } from "./key_family.ts";

/** Prefixes under which a transformer is stored. */
const P = String.raw`^(model\.diffusion_model\.|transformer\.|model\.)?`;
const at = (rest: string) => ({ key: new RegExp(P + rest) });
const under = (...names: readonly string[]) => new RegExp(`${P}(${names.join("|")})`);
/** Parts that lie beside a transformer in a single file. */
const BESIDE = /^(text_encoders|cond_stage_model|first_stage_model|conditioner|vae|te[123]?)\./;

function transformer(
  name: string,
  signs: readonly string[],
  keys: readonly string[],
  without: readonly string[] = [],
): KeyFamily {
  return {
    name,
    kind: "teacher",
    signs: signs.map(at),
    without: without.map((text) => new RegExp(P + text)),
    keys: [under(...keys), BESIDE, /(^|\.)(scaled_fp8|logit_scale)$/],
    refusal:
      `${name}, a diffusion transformer; Smalti uses UNets of SDXL and Stable Diffusion 1 and 2`,
  };
}

/** Diffusion transformers and video models, which are recognized to be refused by name. */
export const TRANSFORMER_FAMILIES: readonly KeyFamily[] = [
  transformer(
    "HunyuanVideo",
    ["txt_in\\.individual_token_refiner\\."],
    [
      "double_blocks\\.",
      "single_blocks\\.",
      "(img|txt|time|vector|guidance)_in\\.",
      "final_layer\\.",
    ],
  ),
  transformer(
    "Chroma",
    ["distilled_guidance_layer\\.", "double_blocks\\.0\\."],
    [
      "distilled_guidance_layer\\.",
      "double_blocks\\.",
      "single_blocks\\.",
      "(img|txt)_in\\.",
      "final_layer\\.",
    ],
  ),
  transformer(
    "Flux 2",
    ["double_stream_modulation_img\\.", "double_blocks\\.0\\."],
    [
      "double_blocks\\.",
      "single_blocks\\.",
      "(double|single)_stream_modulation",
      "(img|txt|time|vector|guidance)_in\\.",
      "final_layer\\.",
    ],
  ),
  transformer(
    "Flux",
    ["double_blocks\\.0\\.img_attn\\.", "single_blocks\\.0\\."],
    [
      "double_blocks\\.",
      "single_blocks\\.",
      "(img|txt|time|vector|guidance)_in\\.",
      "final_layer\\.",
      "__index_timestep_zero__",
    ],
  ),
  transformer(
    "Flux",
    ["transformer_blocks\\.0\\.attn\\.add_k_proj\\.", "single_transformer_blocks\\.0\\."],
    [
      "transformer_blocks\\.",
      "single_transformer_blocks\\.",
      "x_embedder\\.",
      "context_embedder\\.",
      "time_text_embed\\.",
      "norm_out\\.",
      "proj_out\\.",
      "time_guidance_embed\\.",
      "(double|single)_stream_modulation",
    ],
  ),
  transformer(
    "Stable Diffusion 3",
    ["joint_blocks\\.0\\."],
    [
      "joint_blocks\\.",
      "(x|t|y|context)_embedder\\.",
      "pos_embed",
      "final_layer\\.",
      "register_length",
    ],
  ),
  transformer(
    "Stable Diffusion 3",
    ["transformer_blocks\\.0\\.attn\\.add_k_proj\\.", "pos_embed\\.proj\\."],
    [
      "transformer_blocks\\.",
      "pos_embed",
      "context_embedder\\.",
      "time_text_embed\\.",
      "norm_out\\.",
      "proj_out\\.",
    ],
  ),
  transformer(
    "Qwen-Image",
    ["transformer_blocks\\.0\\.attn\\.add_q_proj\\.", "txt_norm\\."],
    [
      "transformer_blocks\\.",
      "(img|txt)_(in|norm)\\.",
      "time_text_embed\\.",
      "norm_out\\.",
      "proj_out\\.",
    ],
  ),
  transformer(
    "AuraFlow",
    ["double_layers\\.0\\."],
    [
      "double_layers\\.",
      "single_layers\\.",
      "(init_x|cond_seq|final)_linear",
      "t_embedder",
      "positional_encoding",
      "register_tokens",
      "modF",
    ],
  ),
  transformer(
    "AuraFlow",
    ["joint_transformer_blocks\\.0\\."],
    [
      "joint_transformer_blocks\\.",
      "single_transformer_blocks\\.",
      "context_embedder\\.",
      "register_tokens",
      "pos_embed",
      "time_step_(embed|proj)",
      "norm_out\\.",
      "proj_out\\.",
    ],
  ),
  transformer(
    "Sana",
    ["patch_embed\\.proj\\.", "transformer_blocks\\.0\\.ff\\.conv_inverted\\."],
    [
      "patch_embed\\.",
      "caption_(projection|norm)\\.",
      "time_embed\\.",
      "transformer_blocks\\.",
      "proj_out\\.",
      "scale_shift_table",
    ],
  ),
  transformer(
    "OmniGen",
    ["llm\\.layers\\.0\\.", "input_x_embedder\\."],
    ["llm\\.", "(input_)?x_embedder\\.", "t(ime)?_(embedder|token)", "pos_embed", "final_layer\\."],
  ),
  transformer(
    "OmniGen 2",
    ["ref_image_patch_embedder\\.", "time_caption_embed\\."],
    [
      "(ref_image_patch|x|image_index)_embed",
      "time_caption_embed\\.",
      "(context_refiner|noise_refiner|ref_image_refiner|layers)\\.",
      "norm_out\\.",
      "image_index_embedding",
    ],
  ),
  transformer(
    "ACE-Step",
    ["lyric_embs\\.", "transformer_blocks\\.0\\."],
    [
      "(lyric|genre|speaker|timestep|t|proj|final|projectors|rotary)[a-z_]*\\.",
      "transformer_blocks\\.",
    ],
  ),
  {
    name: "Stable Audio",
    kind: "other",
    signs: [{ key: /^model\.model\.transformer\.layers\.0\./ }],
    keys: [/^(model|pretransform|conditioner)\./],
    refusal: "Stable Audio, which makes sound",
  },
  transformer(
    "HiDream",
    ["double_stream_blocks\\.0\\."],
    [
      "double_stream_blocks\\.",
      "single_stream_blocks\\.",
      "caption_projection\\.",
      "[a-z]_embedder\\.",
      "final_layer\\.",
    ],
  ),
  transformer(
    "Lumina 2 or Z-Image",
    ["cap_embedder\\.", "noise_refiner\\."],
    [
      "cap_embedder\\.",
      "noise_refiner\\.",
      "context_refiner\\.",
      "layers\\.",
      "[a-z]_embedder\\.",
      "norm_final\\.",
      "final_layer\\.",
      "x_pad_token",
      "cap_pad_token",
    ],
  ),
  transformer(
    "Hunyuan-DiT",
    ["mlp_t5\\."],
    [
      "mlp_t5\\.",
      "blocks\\.",
      "pooler\\.",
      "(x|t|extra)_embedder\\.",
      "text_embedding_padding",
      "style_embedder\\.",
      "final_layer\\.",
    ],
  ),
  transformer(
    "PixArt",
    ["adaln_single\\.linear\\.", "caption_projection\\.", "pos_embed\\.proj\\."],
    [
      "adaln_single\\.",
      "caption_projection\\.",
      "pos_embed",
      "transformer_blocks\\.",
      "proj_out\\.",
      "scale_shift_table",
    ],
  ),
  transformer(
    "PixArt",
    ["y_embedder\\.y_proj\\.", "t_block\\.1\\."],
    [
      "y_embedder\\.",
      "[xta]r?_?embedder\\.",
      "t_block\\.",
      "blocks\\.",
      "pos_embed",
      "final_layer\\.",
      "csize_embedder\\.",
      "ar_embedder\\.",
    ],
  ),
  transformer(
    "LTX-Video",
    ["patchify_proj\\.", "adaln_single\\."],
    [
      "patchify_proj\\.",
      "adaln_single\\.",
      "caption_projection\\.",
      "transformer_blocks\\.",
      "proj_out\\.",
      "scale_shift_table",
    ],
  ),
  transformer(
    "CogVideoX",
    ["patch_embed\\.proj\\.", "transformer_blocks\\.0\\.norm1\\.linear\\."],
    [
      "patch_embed\\.",
      "transformer_blocks\\.",
      "time_embedding\\.",
      "norm_(out|final)\\.",
      "proj_out\\.",
      "ofs_embedding\\.",
    ],
  ),
  transformer(
    "Mochi",
    ["t5_y_embedder\\."],
    [
      "t5_y_embedder\\.",
      "t5_yproj\\.",
      "blocks\\.",
      "[xt]_embedder\\.",
      "final_layer\\.",
      "pos_frequencies",
    ],
  ),
  transformer(
    "Wan",
    ["blocks\\.0\\.self_attn\\.q\\.", "blocks\\.0\\.cross_attn\\."],
    [
      "blocks\\.",
      "patch_embedding\\.",
      "text_embedding\\.",
      "time_(embedding|projection)\\.",
      "head\\.",
      "img_emb\\.",
      "vace_",
    ],
  ),
  transformer(
    "Wan",
    ["condition_embedder\\.", "blocks\\.0\\.attn1\\."],
    [
      "condition_embedder\\.",
      "blocks\\.",
      "patch_embedding\\.",
      "proj_out\\.",
      "scale_shift_table",
      "rope\\.",
    ],
  ),
  transformer(
    "Cosmos",
    ["blocks\\.0\\.adaln_modulation_self_attn\\."],
    ["blocks\\.", "[xt]_embedder\\.", "t_embedding_norm\\.", "final_layer\\.", "pos_embedder\\."],
  ),
  transformer(
    "Cosmos",
    ["net\\.(blocks\\.block0|blocks\\.0\\.adaln)"],
    ["net\\."],
  ),
  {
    name: "Stable Cascade",
    kind: "teacher",
    signs: [at("(clip_txt_pooled_mapper|clip_txt_mapper|clip_mapper)\\.")],
    keys: [
      under(
        "clip_",
        "effnet_mapper\\.",
        "pixels_mapper\\.",
        "embedding\\.",
        "(down|up)_",
        "clf\\.",
      ),
      BESIDE,
    ],
    refusal: "Stable Cascade; Smalti uses UNets of SDXL and Stable Diffusion 1 and 2",
  },
  {
    name: "Würstchen prior",
    kind: "teacher",
    signs: [at("blocks\\.0\\.kv_mapper\\.")],
    keys: [under("blocks\\.", "projection\\.", "cond_mapper\\.", "out\\.")],
    refusal: "the prior of Würstchen; Smalti uses UNets of SDXL and Stable Diffusion 1 and 2",
  },
  {
    name: "Würstchen / Stable Cascade stage A",
    kind: "autoencoder",
    signs: [{ key: /^(first_stage_model\.)?vquantizer\./ }],
    keys: [/^(first_stage_model\.)?(vquantizer|in_block|out_block|down_blocks|up_blocks)\./],
    refusal: "the autoencoder of Stable Cascade",
  },
];
