import assert from "node:assert/strict";
import { parseRunConfig } from "../../config/parse_run_config.ts";
import { resolveSources } from "../../config/resolve_run_config.ts";

// Keys and values of SD-piXL's default config, written as it writes numbers, texts and nulls.
// Source: https://github.com/AlexandreBinninger/SD-piXL, config/config.yaml.
const SD_PIXL = `
seed: 0
image: "assets/image/academic_cat.png"
automatic_caption: false
saving_resize: 256
prompt: "A cat with an academic hat using a computer."
negative_prompt: ""
generator:
  image_H: 64
  image_W: 64
  std: 1.0
  initialize_renderer: true
  initialization_method: palette-bilinear
  kmeans_nb_colors: 6
  init_distance : l1
  palette: "assets/palettes/lospec/slowly.hex"
  softmax_regularizer: 1.0
  smooth_softmax: true
  gumbel: true
  tau: 1.0
training:
  steps: 10_001
  save_steps: 50
  learning_rate: 0.025
  lr_scheduler: "constant_with_warmup"
  lr_warmup_steps: 250
  lr_step_rules: "0.05:25,0.1:50,1:1000,0.1"
  lr_cycles: 5
  adam_beta1: 0.9
  adam_beta2: 0.999
  adam_weight_decay: 0.01
  adam_epsilon: 1.0e-08
  clip_grad: true
  max_grad_norm: 1.0
  resize_mode: "bilinear"
  fft_scale: 20.0
  tv_scale: 0.0
  laplacian_scale: 0.0
  laplacian_sigma: 0.75
  laplacian_kernel: 5
  laplacian_mode: "l1"
  gradient_loss_scale: 0.0
  bilateral_scale: 0.0
  bilateral_sigma_color: 1.0
  bilateral_sigma_space: 1.0
  bilateral_max_distance: 3
  augmentation:
    grayscale_prob: 0.2
    hflip_prob: 0.5
    distorsion_prob: .5
    distorsion_scale: .3
    random_tau: true
    random_tau_min: 0.5
    random_tau_max: 1.5
diffusion:
  model_id: sdxl
  vae_id: taesdxl
  lora_path: ~
  lora_scale: 1.0
  ldm_speed_up: false
  enable_xformers: false
  gradient_checkpoint: false
  num_inference_steps: 50
  guidance_scale: 7.5
  num_references: 10
controlnet:
  use_controlnet: true
  models_id:
    - canny_mid
    - depth_mid
  controlnet_conditioning_scale:
    - 0.15
    - 0.15
  canny_threshold1: 100
  canny_threshold2: 200
  canny_blur: true
  canny_blur_radius: 1
  control_guidance_start: 0.0
  control_guidance_end: 1.0
caption:
  blip_model_id: Salesforce/blip2-opt-2.7b
  min_new_tokens: 20
  max_new_tokens: 75
  query: ""
  skip_special_tokens: true
sd:
  guidance_scale: 40.
  grad_scale: 1.0
  t_min: 0.02
  t_max: 0.98
  t_bound_max: 0.8
  t_bound_reached: 0.5
  sampling_method_t: "bounded_max"
  im_size : ~
  w_mode: "cumprod"
`;

Deno.test("parseRunConfig() reads SD-piXL's own config unchanged", () => {
  const { config, notes } = resolveSources([parseRunConfig(SD_PIXL, "config.yaml")]);
  assert.deepEqual(notes, []);
  assert.equal(config.training.steps, 10001);
  assert.equal(config.training.adamEpsilon, 1e-8);
  assert.equal(config.training.augmentation.distorsionScale, 0.3);
  assert.deepEqual(config.controlnet.modelsId, ["canny_mid", "depth_mid"]);
  assert.deepEqual([config.sd.guidanceScale, config.sd.imSize], [40, null]);
});

Deno.test("a config of SD-piXL with a former name of a key of ours is read with a note", () => {
  const text = SD_PIXL.replace("  tau: 1.0\n", "  tau: 1.0\n  stray_margin: 0.0\n");
  const { config, notes } = resolveSources([parseRunConfig(text, "config.yaml")]);
  assert.deepEqual(notes, ['"generator.stray_margin" is now called "generator.orphan_margin"']);
  assert.equal(config.generator.orphanMargin, 0);
});

Deno.test("the preset paper differs from SD-piXL's own config only in names of this project", () => {
  const paper = resolveSources([parseRunConfig("preset: paper\n", "a.yaml")]).config;
  const own = resolveSources([parseRunConfig(`preset: paper\n${SD_PIXL}`, "b.yaml")]).config;
  const { image, prompt, generator, training, diffusion, controlnet } = paper;
  const { palette } = generator;
  const { lrStepRules } = training;
  const { modelId, vaeId } = diffusion;
  const { modelsId, controlnetConditioningScale } = controlnet;
  assert.deepEqual({
    ...own,
    image,
    prompt,
    generator: { ...own.generator, palette },
    training: { ...own.training, lrStepRules },
    diffusion: { ...own.diffusion, modelId, vaeId },
    controlnet: { ...own.controlnet, modelsId, controlnetConditioningScale },
  }, paper);
});
