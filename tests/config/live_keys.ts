import { yamlName } from "../../config/config_keys.ts";
import { CLASS_LOSSES } from "../../lib/distill/class_losses.ts";
import { PICTURE_LOSSES } from "../../lib/distill/picture_losses.ts";
import { goldenPath } from "../support/goldens.ts";
import type { LiveKey } from "./live_key.ts";

const IMAGE = "image=disc.png";
/** A square on a transparent background. */
const SPRITE = "image=sprite.png";
const LORA = goldenPath("lora_kohya.safetensors");
const UNET_ALONE = `diffusion.model_id=${
  goldenPath("tiny-sdxl/unet/diffusion_pytorch_model.safetensors")
}`;
const DEPTH = `controlnet.depth_model_id=${goldenPath("tiny-depth-anything")}`;
const TEN_STEPS = "training.steps=10";
const TWO_STEPS = "training.steps=2";
const WARM = "training.lr_scheduler=constant_with_warmup";
const PIECES = [TEN_STEPS, "training.lr_scheduler=piecewise_constant"];
const CONTROLLED = [IMAGE, "controlnet.controlnet_conditioning_scale=2"];
const FIXED_TAU = "training.augmentation.random_tau=false";
/** All losses together, so that few runs are needed. */
const LOSSES = [
  IMAGE,
  ...Object.values(PICTURE_LOSSES).filter(({ factor }) => factor !== "fftScale")
    .map(({ factor }) => `training.${yamlName(factor)}=1`),
];
/** All losses of class probabilities; one of them is for transparent pictures. */
const CLASS_LOSSES_ON = [
  IMAGE,
  "generator.transparent=true",
  ...Object.values(CLASS_LOSSES).map(({ factor }) => `training.${yamlName(factor)}=1`),
];
const DISTORTED = "training.augmentation.distorsion_prob=1";
const UNIFORM = [TEN_STEPS, "sd.sampling_method_t=uniform"];
const BOUNDED = [TEN_STEPS, "sd.sampling_method_t=bounded_max"];
const FALLING = [TEN_STEPS, "sd.sampling_method_t=linear_falling"];
/** Without it AdamW makes the same step of any gradient's multiple. */
const EPSILON = "training.adam_epsilon=0.1";

const SHORT_CAPTION = ["caption.min_new_tokens=5", "caption.max_new_tokens=7"];

/** Why each key of the config is not dead; keys that are declared unused are not in it. */
export const LIVE_KEYS: Readonly<Record<string, LiveKey>> = {
  preset: { value: "paper", changes: "config" },
  seed: { value: "1", changes: "picture" },
  image: { value: "disc.png", changes: "startImage" },
  automatic_caption: { value: "true", changes: "told", given: [IMAGE] },
  saving_resize: { value: "64", changes: "files" },
  prompt: { value: "a castle", changes: "loss of score", given: [IMAGE] },
  negative_prompt: { value: "fog", changes: "loss of score", given: [IMAGE] },
  output: { value: "elsewhere", changes: "files" },
  runtime: { value: "webgpu", changes: "runtime" },
  batch: { value: "3", changes: "batch" },

  "generator.image_H": { value: "16", changes: "picture" },
  "generator.image_W": { value: "16", changes: "picture" },
  "generator.image_fit": { value: "pad", changes: "startImage", given: [IMAGE] },
  "generator.background": {
    value: "black",
    changes: "startImage",
    given: [IMAGE, "generator.image_fit=pad", "generator.image_W=16"],
  },
  "generator.transparent": { value: "true", changes: "picture", given: [IMAGE] },
  "generator.std": {
    value: "2",
    changes: "picture",
    given: ["generator.initialize_renderer=false"],
  },
  "generator.initialize_renderer": { value: "false", changes: "startImage" },
  "generator.initialization_method": {
    value: "palette-nearest",
    changes: "picture",
    given: [IMAGE],
  },
  "generator.antialias": {
    value: "false",
    changes: "picture",
    given: [IMAGE, "generator.initialization_method=palette-bilinear"],
  },
  "generator.kmeans_space": {
    value: "oklab",
    changes: "palette",
    given: [IMAGE, "generator.initialization_method=kmeans"],
  },
  "generator.color_distance": {
    value: "oklab",
    changes: "picture",
    given: [IMAGE, "generator.palette=sweetie-16"],
  },
  "generator.kmeans_nb_colors": {
    value: "3",
    changes: "palette",
    given: [IMAGE, "generator.initialization_method=kmeans"],
  },
  "generator.init_distance": { value: "l2", changes: "picture", given: [IMAGE] },
  "generator.palette": { value: "gray-4", changes: "palette", given: [IMAGE] },
  "generator.gradient_map": {
    value: "false",
    changes: "picture",
    given: [IMAGE, "generator.palette=game-boy"],
  },
  "generator.inventory": {
    value: "counts.csv",
    changes: "picture",
    given: [IMAGE, "training.steps=0", "generator.palette=game-boy"],
  },
  "generator.softmax_regularizer": { value: "3", changes: "picture", given: [IMAGE] },
  "generator.smooth_softmax": { value: "false", changes: "loss of fft", given: [IMAGE] },
  "generator.gumbel": { value: "false", changes: "loss of fft", given: [IMAGE] },
  "generator.tau": { value: "0.5", changes: "loss of fft", given: [IMAGE, FIXED_TAU] },

  "generator.orphan_margin": {
    value: "100",
    changes: "indices",
    given: ["generator.initialize_renderer=false"],
  },

  "constraint.symmetry": { value: "x", changes: "picture", given: [IMAGE] },
  "constraint.tile": { value: "x", changes: "startImage" },
  "constraint.max_colors": { value: "2", changes: "indices", given: [IMAGE] },
  "constraint.lock_colors": {
    value: "[0, 1]",
    changes: "indices",
    given: [IMAGE, "constraint.max_colors=2"],
  },
  "constraint.exclude_colors": { value: "[1]", changes: "indices", given: [IMAGE] },
  "constraint.mask": { value: "half.png", changes: "picture", given: [IMAGE] },
  "constraint.keep": { value: "corner.png", changes: "picture", given: [IMAGE] },
  "constraint.importance": { value: "half.png", changes: "picture", given: [IMAGE] },

  "finish.dither": {
    value: "bayer2",
    changes: "picture",
    given: [IMAGE, "generator.palette=gray-4"],
  },
  "finish.dither_strength": {
    value: "0.2",
    changes: "picture",
    given: [IMAGE, "generator.palette=gray-4", "finish.dither=bayer2"],
  },
  "finish.outline": {
    value: "auto",
    changes: "indices",
    given: [SPRITE, "generator.transparent=true"],
  },
  "finish.antialias": {
    value: "false",
    changes: "indices",
    given: ["image=edge.png", "training.steps=0", "generator.palette=gray-4"],
  },
  "finish.makeable": {
    value: "cross-stitch",
    changes: "indices",
    // Its threads are so near to each other that some cells can take another one.
    given: [IMAGE, "generator.initialization_method=palette-area", "generator.palette=dmc"],
  },

  "training.steps": { value: "2", changes: "steps", given: [IMAGE] },
  "training.save_steps": { value: "1", changes: "files", given: [TWO_STEPS] },
  "training.checkpoint_steps": { value: "1", changes: "files", given: [TWO_STEPS] },
  "training.gradient_accumulation_steps": { value: "2", changes: "picture", given: [IMAGE] },
  "training.learning_rate": { value: "0.2", changes: "picture", given: [IMAGE] },
  "training.lr_scheduler": { value: "linear", changes: "learningRates", given: [TEN_STEPS] },
  "training.lr_warmup_steps": { value: "4", changes: "learningRates", given: [TEN_STEPS, WARM] },
  "training.lr_step_rules": {
    value: "1:5,0.2",
    changes: "learningRates",
    given: [...PIECES, "training.lr_step_rules=1:5,0.1"],
  },
  "training.lr_cycles": {
    value: "2",
    changes: "learningRates",
    given: [TEN_STEPS, "training.lr_scheduler=cosine_with_restarts"],
  },
  "training.adam_beta1": { value: "0.5", changes: "picture", given: [IMAGE, TWO_STEPS] },
  "training.adam_beta2": { value: "0.5", changes: "picture", given: [IMAGE, TWO_STEPS] },
  "training.adam_weight_decay": { value: "0.9", changes: "picture", given: [IMAGE] },
  "training.adam_epsilon": { value: "0.1", changes: "picture", given: [IMAGE] },
  "training.clip_grad": {
    value: "false",
    changes: "picture",
    given: [IMAGE, EPSILON, "training.max_grad_norm=0.01"],
  },
  "training.max_grad_norm": { value: "0.01", changes: "picture", given: [IMAGE, EPSILON] },
  "training.resize_mode": { value: "nearest", changes: "loss of score", given: [IMAGE] },
  ...Object.fromEntries(
    Object.entries(PICTURE_LOSSES).map(([name, { factor }]): [string, LiveKey] => [
      `training.${yamlName(factor)}`,
      { value: "7", changes: `loss of ${name}`, given: LOSSES },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(CLASS_LOSSES).map(([name, { factor }]): [string, LiveKey] => [
      `training.${yamlName(factor)}`,
      { value: "7", changes: `loss of ${name}`, given: CLASS_LOSSES_ON },
    ]),
  ),
  "training.potts_down": { value: "3", changes: "loss of potts", given: CLASS_LOSSES_ON },
  "training.tv_mode": { value: "l2", changes: "loss of tv", given: LOSSES },
  "training.laplacian_sigma": {
    value: "2",
    changes: "loss of laplacian",
    given: LOSSES,
  },
  "training.laplacian_kernel": {
    value: "7",
    changes: "loss of laplacian",
    given: LOSSES,
  },
  "training.laplacian_mode": {
    value: "l2",
    changes: "loss of laplacian",
    given: LOSSES,
  },
  "training.bilateral_sigma_color": {
    value: "0.1",
    changes: "loss of bilateral",
    given: LOSSES,
  },
  "training.bilateral_sigma_space": {
    value: "2",
    changes: "loss of bilateral",
    given: LOSSES,
  },
  "training.bilateral_max_distance": {
    value: "2",
    changes: "loss of bilateral",
    given: LOSSES,
  },
  "training.augmentation.grayscale_prob": {
    value: "1",
    changes: "augmentations",
    given: [TEN_STEPS],
  },
  "training.augmentation.hflip_prob": { value: "1", changes: "augmentations", given: [TEN_STEPS] },
  "training.augmentation.distorsion_prob": {
    value: "1",
    changes: "augmentations",
    given: [TEN_STEPS],
  },
  "training.augmentation.distorsion_scale": {
    value: "0.5",
    changes: "augmentations",
    given: [DISTORTED],
  },
  "training.augmentation.random_tau": { value: "false", changes: "augmentations" },
  "training.augmentation.random_tau_min": { value: "0.7", changes: "augmentations" },
  "training.augmentation.random_tau_max": { value: "0.9", changes: "augmentations" },

  "diffusion.model_id": { value: "assets", changes: "teacher" },
  "diffusion.vae_id": {
    value: new URL("../../assets/models/mini/vae", import.meta.url).pathname,
    changes: "loss of score",
    // It makes the latents another size than the teacher's ControlNets are made for.
    given: [IMAGE, "controlnet.use_controlnet=false"],
  },
  "diffusion.tokenizer_id": {
    value: "./no/tokenizers",
    changes: "refusal",
    given: [UNET_ALONE, `diffusion.base_id=${goldenPath("tiny-sdxl")}`],
  },
  "diffusion.base_id": { value: "./no/base", changes: "refusal", given: [UNET_ALONE] },
  "diffusion.precision": { value: "q8", changes: "loss of score", given: [IMAGE] },
  "diffusion.lora_path": { value: LORA, changes: "loss of score", given: [IMAGE] },
  "diffusion.lora_scale": {
    value: "2",
    changes: "loss of score",
    given: [IMAGE, `diffusion.lora_path=${LORA}`],
  },
  "diffusion.clip_skip": { value: "1", changes: "loss of score", given: [IMAGE] },
  "diffusion.sampler": {
    value: "euler",
    changes: "startImage",
    given: ["diffusion.num_inference_steps=2"],
  },
  "diffusion.num_inference_steps": { value: "2", changes: "startImage" },
  "diffusion.fast": {
    value: "lightning",
    changes: "startImage",
    given: ["diffusion.guidance_scale=~"],
  },
  "diffusion.timesteps": { value: "[700]", changes: "startImage" },
  "diffusion.guidance_end": { value: "0.5", changes: "startImage" },
  "diffusion.timestep_spacing": { value: "leading", changes: "startImage" },
  "diffusion.prediction_type": { value: "v_prediction", changes: "startImage" },
  "diffusion.rescale_zero_terminal_snr": { value: "true", changes: "startImage" },
  "diffusion.prompt_weights": {
    value: "false",
    changes: "loss of score",
    given: [IMAGE, "prompt=a (red:1.5) dragon"],
  },
  "diffusion.prompt_chunks": {
    value: "false",
    changes: "loss of score",
    given: [IMAGE, `prompt=${"a red dragon ".repeat(30)}`],
  },
  "diffusion.guidance_scale": { value: "2", changes: "startImage" },
  "diffusion.strength": { value: "0.5", changes: "teacherCalls" },
  "diffusion.strengths": {
    value: "0.3",
    changes: "teacherCalls",
    given: ["diffusion.strength=~", IMAGE],
  },
  "diffusion.sample_strength": {
    value: "0.7",
    changes: "teacherCalls",
    given: ["diffusion.strength=~"],
  },
  "diffusion.edits": {
    value: "3",
    changes: "teacherCalls",
    given: ["diffusion.strength=0.5"],
  },
  "diffusion.edit_steps": {
    value: "8",
    changes: "teacherCalls",
    given: ["diffusion.strength=0.5"],
  },
  "diffusion.num_references": { value: "2", changes: "teacherCalls" },
  "diffusion.choice": {
    value: "error",
    changes: "told",
    given: ["diffusion.num_references=2", "diffusion.guidance_scale=2"],
  },
  "diffusion.choice_times": {
    value: "[0.6, 0.8]",
    changes: "teacherCalls",
    given: ["diffusion.num_references=2"],
  },
  "diffusion.choice_noises": {
    value: "3",
    changes: "teacherCalls",
    given: ["diffusion.num_references=2"],
  },
  // There is no CLIP in that folder, and the run says so.
  "diffusion.clip_id": {
    value: "no/clip",
    changes: "refusal",
    given: ["diffusion.num_references=2"],
  },

  "controlnet.use_controlnet": { value: "false", changes: "controlImage", given: [IMAGE] },
  "controlnet.models_id": { value: "depth", changes: "controlImage", given: [IMAGE, DEPTH] },
  "controlnet.depth_model_id": {
    value: "./no/depth",
    changes: "refusal",
    given: [IMAGE, "controlnet.models_id=depth"],
  },
  "controlnet.controlnet_conditioning_scale": {
    value: "1",
    changes: "loss of score",
    given: [IMAGE],
  },
  "controlnet.canny_threshold1": {
    value: "290",
    changes: "controlImage",
    given: [IMAGE, "controlnet.canny_threshold2=300"],
  },
  "controlnet.canny_threshold2": { value: "1500", changes: "controlImage", given: [IMAGE] },
  "controlnet.canny_blur": { value: "false", changes: "controlImage", given: [IMAGE] },
  "controlnet.canny_blur_radius": { value: "3", changes: "controlImage", given: [IMAGE] },
  "controlnet.control_guidance_start": {
    value: "1",
    changes: "loss of score",
    given: CONTROLLED,
  },
  "controlnet.control_guidance_end": { value: "0", changes: "loss of score", given: CONTROLLED },

  // There is no BLIP in that folder, and the run says so.
  "caption.blip_model_id": {
    value: "./no/blip",
    changes: "refusal",
    given: [IMAGE, "automatic_caption=true"],
  },
  "caption.min_new_tokens": { value: "7", changes: "caption", given: SHORT_CAPTION },
  "caption.max_new_tokens": { value: "3", changes: "caption", given: SHORT_CAPTION },
  "caption.query": { value: "w7", changes: "caption", given: SHORT_CAPTION },
  "caption.num_beams": { value: "4", changes: "caption", given: SHORT_CAPTION },

  "sd.guidance_scale": { value: "3", changes: "loss of score", given: [IMAGE] },
  "sd.grad_scale": { value: "3", changes: "loss of score", given: [IMAGE] },
  "sd.t_min": { value: "0.3", changes: "timesteps", given: UNIFORM },
  "sd.t_max": { value: "0.5", changes: "timesteps", given: UNIFORM },
  "sd.t_bound_max": { value: "0.3", changes: "timesteps", given: BOUNDED },
  "sd.t_bound_reached": { value: "0.9", changes: "timesteps", given: BOUNDED },
  "sd.sampling_method_t": { value: "linear", changes: "timesteps", given: [TEN_STEPS] },
  "sd.t_start": { value: "0.9", changes: "timesteps", given: FALLING },
  "sd.t_end": { value: "0.3", changes: "timesteps", given: FALLING },
  "sd.t_window": { value: "0", changes: "timesteps", given: FALLING },
  "sd.im_size": { value: "64", changes: "teacherSize", given: [IMAGE] },
  "sd.w_mode": { value: "constant", changes: "loss of score", given: [IMAGE] },
};
