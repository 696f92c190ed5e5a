import type { KeyFamily, KeySign } from "./key_family.ts";

/** The time embedding takes the pooled prompt and sizes. */
const ADDED: KeySign = { key: /^unet\.add_embedding\.linear_1\.weight$/, shape: [null, 2816] };
const PROMPT: KeySign = { key: /\.attn2\.to_k\.weight$/, shape: [null, 2048] };
const MIDDLE = /^unet\.mid_block\.attentions\./;

function input(channels: number): KeySign {
  return { key: /^unet\.conv_in\.weight$/, shape: [null, channels, 3, 3] };
}

/** Depth of the transformers in a block, as a sign and as what must be missing. */
function depth(block: string, layers: number) {
  const at = (layer: number) =>
    new RegExp(`^unet\\.${block}\\.attentions\\.0\\.transformer_blocks\\.${layer}\\.`);
  return { sign: { key: at(layers - 1) }, beyond: at(layers) };
}

const BASE = [depth("down_blocks\\.1", 2), depth("down_blocks\\.2", 10)];
const SSD = [depth("down_blocks\\.1", 2), depth("down_blocks\\.2", 4)];
const VEGA = [depth("down_blocks\\.1", 1), depth("down_blocks\\.2", 2)];

/**
 * Stable Diffusion XL and its smaller relatives.
 *
 * Depths of the transformers: huggingface_guess, model_list.py.
 */
export const SDXL_FAMILIES: readonly KeyFamily[] = [
  {
    name: "CosXL",
    kind: "teacher",
    signs: [{ key: /^edm_vpred\.sigma_max$/ }],
    refusal: "CosXL, which predicts v on EDM's noise schedule; that schedule is not supported",
  },
  {
    name: "Playground v2.5",
    kind: "teacher",
    signs: [{ key: /^edm_(mean|std)$/ }],
    refusal: "Playground v2.5, which is trained on EDM's noise schedule with normalized latents; " +
      "that is not supported",
  },
  {
    name: "UNet distilled for LCM",
    kind: "teacher",
    signs: [{ key: /^unet\.time_embedding\.cond_proj\.weight$/ }],
    refusal: "a UNet distilled for LCM, which takes the guidance scale as an input; " +
      "use the base model instead",
  },
  {
    name: "SDXL base",
    kind: "teacher",
    signs: [ADDED, PROMPT, input(4), { key: MIDDLE }, ...BASE.map(({ sign }) => sign)],
    without: BASE.map(({ beyond }) => beyond),
  },
  {
    name: "SDXL inpainting",
    kind: "teacher",
    signs: [ADDED, PROMPT, input(9)],
    refusal: "an SDXL inpainting model, whose UNet also takes a mask and a masked image " +
      "(9 channels); use the base model",
  },
  {
    name: "SDXL InstructPix2Pix",
    kind: "teacher",
    signs: [ADDED, PROMPT, input(8)],
    refusal: "an SDXL InstructPix2Pix model, whose UNet also takes an image (8 channels); " +
      "use the base model",
  },
  {
    name: "SSD-1B",
    kind: "teacher",
    signs: [ADDED, PROMPT, input(4), ...SSD.map(({ sign }) => sign)],
    without: [MIDDLE, ...SSD.map(({ beyond }) => beyond)],
  },
  {
    name: "Segmind Vega",
    kind: "teacher",
    signs: [ADDED, PROMPT, input(4), ...VEGA.map(({ sign }) => sign)],
    without: VEGA.map(({ beyond }) => beyond),
  },
  {
    name: "SDXL refiner",
    kind: "teacher",
    signs: [
      { key: /^unet\.conv_in\.weight$/, shape: [384, 4, 3, 3] },
      { key: /^unet\.add_embedding\.linear_1\.weight$/, shape: [null, 2560] },
    ],
    refusal: "the SDXL refiner, which only finishes images and has one text encoder; " +
      "use the base model",
  },
  {
    name: "Kolors",
    kind: "teacher",
    signs: [{ key: /^unet\.encoder_hid_proj\.weight$/ }, {
      key: /^unet\.add_embedding\.linear_1\.weight$/,
    }],
    refusal: "Kolors, whose prompts are encoded by ChatGLM",
  },
  {
    name: "Kandinsky 2",
    kind: "teacher",
    signs: [{
      key: /^unet\.(encoder_hid_proj\.image_embeds|add_embedding\.(image_norm|text_norm))/,
    }],
    refusal: "a UNet of Kandinsky 2, which takes embeddings of images",
  },
];

/** UNets with SDXL's inputs in other sizes. It comes after all others. */
export const OTHER_SDXL: KeyFamily = {
  name: "SDXL layout of another size",
  kind: "teacher",
  signs: [{ key: /^unet\.add_embedding\.linear_1\.weight$/ }, {
    key: /\.attn2\.to_k\.weight$/,
  }],
};
