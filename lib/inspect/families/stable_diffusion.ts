import type { KeyFamily, KeySign } from "./key_family.ts";

function prompt(width: number): KeySign {
  return { key: /\.attn2\.to_k\.weight$/, shape: [null, width] };
}

function input(channels: number): KeySign {
  return { key: /^unet\.conv_in\.weight$/, shape: [null, channels, 3, 3] };
}

const WITHOUT = [/^unet\.add_embedding\./];

interface Version {
  readonly name: string;
  readonly width: number;
}

const VERSIONS: readonly Version[] = [
  { name: "Stable Diffusion 1.5", width: 768 },
  { name: "Stable Diffusion 2", width: 1024 },
];

/** Models whose UNets take an image besides the latents, by their channels. */
const INPUTS: readonly (readonly [channels: number, kind: string, text: string])[] = [
  [9, "inpainting", "an inpainting model"],
  [
    8,
    "with an image",
    "a model for editing or measuring an image, such as InstructPix2Pix or Marigold",
  ],
  [7, "x4 upscaler", "an upscaler"],
  [5, "depth", "a model that also takes a depth map"],
];

/** Stable Diffusion 1.x and 2.x: one text encoder, no added conditions. */
export const STABLE_DIFFUSION_FAMILIES: readonly KeyFamily[] = [
  {
    name: "Stable Video Diffusion",
    kind: "teacher",
    signs: [{ key: /(^|\.)(time_stack|temporal_transformer_blocks)\./ }],
    keys: [
      /^(model\.diffusion_model|first_stage_model|conditioner)\./,
      /^(unet|vae)\./,
      /^down_|^up_|^mid_/,
    ],
    refusal: "a video model (Stable Video Diffusion); Smalti uses image models",
  },
  {
    name: "AnimateDiff motion module",
    kind: "adapter",
    signs: [{ key: /(^|\.)motion_modules\./ }],
    keys: [/(^|\.)motion_modules\./],
    refusal: "a motion module of AnimateDiff, which makes videos",
  },
  {
    name: "Zero123",
    kind: "teacher",
    signs: [{ key: /^cc_projection\.weight$/ }],
    keys: [/^(model\.diffusion_model|cond_stage_model|first_stage_model|cc_projection)\./],
    refusal: "Zero123, which turns the object of an image",
  },
  {
    name: "SUPIR",
    kind: "teacher",
    signs: [{ key: /^model\.(control_model|diffusion_model\.project_modules)\./ }],
    keys: [/^(model|conditioner|first_stage_model)\./],
    refusal: "SUPIR, which restores images",
  },
  ...VERSIONS.flatMap(({ name, width }) => [
    ...INPUTS.map(([channels, kind, text]): KeyFamily => ({
      name: `${name} ${kind}`,
      kind: "teacher",
      signs: [prompt(width), input(channels)],
      without: WITHOUT,
      refusal: `${text}, made from ${name}: its UNet takes ${channels} channels; Smalti uses ` +
        `models that make images from text`,
    })),
    {
      name,
      kind: "teacher",
      signs: [prompt(width), input(4)],
      without: WITHOUT,
    } satisfies KeyFamily,
  ]),
  {
    name: "Stable unCLIP",
    kind: "teacher",
    signs: [prompt(1024), { key: /^unet\.add_embedding\.linear_1\.weight$/ }],
    refusal: "Stable unCLIP, whose UNet also takes the embedding of an image",
  },
  {
    name: "Kandinsky 3",
    kind: "teacher",
    signs: [{ key: /^(unet\.)?encoder_hid_proj\.projection_linear\./ }],
    keys: [/./],
    refusal: "Kandinsky 3, whose prompts are encoded by T5",
  },
  {
    name: "DeepFloyd IF",
    kind: "teacher",
    signs: [{ key: /^unet\.(encoder_hid_proj|add_embedding\.(pool|norm1))/ }],
    refusal: "DeepFloyd IF, which works on pixels and encodes prompts by T5",
  },
];

/** UNets with the inputs of Stable Diffusion in other sizes. It comes after all others. */
export const OTHER_STABLE_DIFFUSION: KeyFamily = {
  name: "Stable Diffusion layout of another size",
  kind: "teacher",
  signs: [{ key: /^unet\.conv_in\.weight$/, shape: [null, 4, 3, 3] }, {
    key: /\.attn2\.to_k\.weight$/,
  }],
  without: [...WITHOUT, /^unet\.(encoder_hid_proj|class_embedding)\b/],
};

/** All other UNets. It comes last. */
export const UNKNOWN_UNET: KeyFamily = {
  name: "UNet of an unknown model",
  kind: "UNet",
  signs: [{ key: /^unet\.conv_in\.weight$/ }],
  refusal: "a UNet of no known family",
};
