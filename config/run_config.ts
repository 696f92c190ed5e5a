import { CAPTION_KEYS } from "./keys/caption.ts";
import { CONSTRAINT_KEYS } from "./keys/constraint.ts";
import { CONTROLNET_KEYS } from "./keys/controlnet.ts";
import { DIFFUSION_KEYS } from "./keys/diffusion.ts";
import { FINISH_KEYS } from "./keys/finish.ts";
import { GENERATOR_KEYS } from "./keys/generator.ts";
import type { ConfigOf } from "./keys/key_spec.ts";
import { SD_KEYS } from "./keys/sd.ts";
import { TRAINING_KEYS } from "./keys/training.ts";

/**
 * All keys of the config, by section. A new key is one entry here or in `keys/`.
 *
 * Source of keys and meanings: https://github.com/AlexandreBinninger/SD-piXL, config/config.yaml.
 */
export const CONFIG_KEYS = {
  preset: {
    default: "standard",
    choices: {
      draft: "fastest",
      standard: "fast",
      max: "best",
      paper: "settings of SD-piXL",
    },
    isNew: true,
    doc: "Preset of values for the keys that are not set otherwise",
  },
  seed: {
    default: 0,
    range: "[0, 18446744073709551615]",
    integer: "64-bit",
    doc: "Seed of all random numbers",
  },
  image: {
    default: null,
    null: "the teacher samples one from the prompt",
    isPath: true,
    doc: "Path of the input image",
  },
  automaticCaption: {
    default: false,
    doc: "Whether a caption of the input image replaces the prompt, see caption.blip_model_id",
  },
  savingResize: {
    default: 512,
    range: "[0, 8192]",
    integer: true,
    doc: "Approximate length of the longer axis of the enlarged copy in pixels",
  },
  prompt: { default: "", doc: "What the picture shows" },
  negativePrompt: { default: "", doc: "What the picture must not show" },
  output: { default: "workdir", isNew: true, doc: "Folder of the folders of runs" },
  runtime: {
    default: "auto",
    choices: ["auto", "webgpu", "wasm", "native"],
    isNew: true,
    doc: "Runtime of the networks",
  },
  batch: {
    default: 0,
    range: "[0, 64]",
    integer: true,
    isNew: true,
    doc: "Max batch size, in pictures; 0: chosen from the device and its memory",
  },
  generator: GENERATOR_KEYS,
  constraint: CONSTRAINT_KEYS,
  finish: FINISH_KEYS,
  training: TRAINING_KEYS,
  diffusion: DIFFUSION_KEYS,
  controlnet: CONTROLNET_KEYS,
  caption: CAPTION_KEYS,
  sd: SD_KEYS,
} as const;

/** The picture: its size, its palette, its first logits and how they become colors. */
export interface GeneratorConfig extends ConfigOf<typeof CONFIG_KEYS.generator> {}

/** Random changes of the picture before the teacher sees it. */
export interface AugmentationConfig extends ConfigOf<typeof CONFIG_KEYS.training.augmentation> {}

/** The optimization: steps, learning rate, AdamW and the losses besides the teacher's. */
export interface TrainingConfig extends ConfigOf<typeof CONFIG_KEYS.training> {}

/** The teacher, and how it samples the image from which a picture starts. */
export interface DiffusionConfig extends ConfigOf<typeof CONFIG_KEYS.diffusion> {}

/** The ControlNets, which keep the picture close to the edges or depth of the input image. */
export interface ControlnetConfig extends ConfigOf<typeof CONFIG_KEYS.controlnet> {}

/** The caption of the input image. */
export interface CaptionConfig extends ConfigOf<typeof CONFIG_KEYS.caption> {}

/** Score distillation. Source: Binninger & Sorkine-Hornung 2024, arXiv 2410.06236. */
export interface SdConfig extends ConfigOf<typeof CONFIG_KEYS.sd> {}

/**
 * Everything that determines a run, besides the files that it names: a value for each of
 * {@linkcode CONFIG_KEYS}. `default.yaml` lists them with their meaning.
 *
 * In YAML the keys are in snake_case: `generator.image_H` is `generator.imageH` here.
 */
export interface RunConfig extends ConfigOf<typeof CONFIG_KEYS> {}
