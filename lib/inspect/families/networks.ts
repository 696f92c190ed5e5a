import type { KeyFamily } from "./key_family.ts";

/** Networks that are stored alone: autoencoders, text encoders, and what is often beside them. */
export const NETWORK_FAMILIES: readonly KeyFamily[] = [
  {
    name: "autoencoder of Flux or Stable Diffusion 3",
    kind: "autoencoder",
    signs: [{ key: /^vae\.decoder\.conv_in\.weight$/, shape: [null, 16, 3, 3] }],
    refusal: "an autoencoder with 16 channels of latents, for Flux or Stable Diffusion 3; " +
      "SDXL has 4",
  },
  {
    name: "autoencoder of SDXL or Stable Diffusion",
    kind: "autoencoder",
    signs: [{ key: /^vae\.decoder\.conv_in\.weight$/, shape: [null, 4, 3, 3] }],
  },
  {
    name: "autoencoder of an unknown model",
    kind: "autoencoder",
    signs: [{ key: /^vae\.decoder\./ }],
    refusal: "an autoencoder of no known family",
  },
  {
    name: "tiny autoencoder",
    kind: "autoencoder",
    signs: [{ key: /^(encoder|decoder)\.layers\.\d+\./ }, {
      key: /^(encoder|decoder)\.layers\.\d+\.conv\.\d+\.weight$/,
    }],
    keys: [/^(encoder|decoder)\.layers\./],
    refusal: "a tiny autoencoder in one file; Smalti reads autoencoders as a folder with " +
      "config.json and diffusion_pytorch_model.safetensors, named by diffusion.vae_id",
  },
  {
    name: "tiny autoencoder",
    kind: "autoencoder",
    signs: [{ key: /^(taesd_(en|de)coder\.)?\d+\.conv\.\d+\.weight$/ }],
    keys: [/^(taesd_(en|de)coder\.)?\d+\./, /^vae_(scale|shift)$/],
    refusal: "half of a tiny autoencoder in its author's layout; use the folder " +
      "madebyollin/taesdxl (diffusion.vae_id=taesdxl)",
  },
  {
    name: "autoencoder of a video model",
    kind: "autoencoder",
    signs: [{ key: /^(decoder|encoder)\..*\.weight$/, shape: [null, null, null, null, null] }],
    keys: [/^(decoder|encoder|conv1|conv2|(post_)?quant_conv|per_channel_statistics)\b/],
    refusal: "an autoencoder of a video model",
  },
  {
    name: "CLIP",
    kind: "text encoder",
    signs: [{ key: /(^|\.)vision_model\.(embeddings|encoder)\./ }],
    keys: [
      /(^|\.)(vision_model|text_model)\./,
      /^(visual|text)_projection\./,
      /^(clip\.)?logit_scale$/,
    ],
    refusal: "a CLIP model; in a folder with config.json it can score pictures " +
      "(diffusion.clip_id)",
  },
  {
    name: "CLIP text encoder",
    kind: "text encoder",
    signs: [{ key: /^text_encoder(_2)?\./ }],
    refusal: "a text encoder alone; a teacher also needs a UNet",
  },
  {
    name: "T5 text encoder",
    kind: "text encoder",
    signs: [{ key: /(^|\.)block\.0\.layer\.0\.SelfAttention\./ }],
    keys: [/(^|\.)(encoder\.|block\.|shared\.|final_layer_norm|decoder\.|spiece_model|scaled_fp8)/],
    refusal: "a T5 text encoder, which no teacher of Smalti takes",
  },
  {
    name: "language model",
    kind: "text encoder",
    signs: [{ key: /(^|\.)layers\.0\.self_attn\.q_proj\.weight$/ }, {
      key: /(^|\.)embed_tokens\./,
    }],
    keys: [/(^|\.)(layers|embed_tokens|norm|lm_head|visual|vision_)/],
    refusal: "a language model",
  },
  {
    name: "BLIP",
    kind: "other",
    signs: [{ key: /^text_decoder\.bert\./ }],
    keys: [/^(text_decoder|vision_model|text_encoder|vision_proj|text_proj|itm_head)\b/],
    refusal: "a captioning model (BLIP); in a folder with config.json it can caption images " +
      "(caption.blip_model_id)",
  },
  {
    name: "depth model",
    kind: "other",
    signs: [{ key: /^(backbone|dpt)\./ }, { key: /^(neck|head)\./ }],
    keys: [/^(backbone|dpt|neck|head)\./],
    refusal: "a depth model; in a folder with config.json it makes control images " +
      "(controlnet.depth_model_id)",
  },
  {
    name: "upscaler of images",
    kind: "other",
    signs: [{ key: /^(model\.0\.|conv_first\.|params\.conv_first\.)/ }, {
      key: /(rdb1|RDB1|RRDB_trunk|body\.0\.|layers\.0\.residual_group|model\.1\.sub)/,
    }],
    keys: [/./],
    refusal: "an upscaler of images",
  },
];
