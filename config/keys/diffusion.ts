import type { KeySpecs } from "./key_spec.ts";

/** Keys of the teacher, and of how it samples the image from which a picture starts. */
export const DIFFUSION_KEYS = {
  modelId: {
    default: "mini",
    isPath: true,
    isHubModel: true,
    isCheckpoint: true,
    doc:
      "The teacher: mini (built in); sdxl, ssd1b or owner/name of the Hugging Face Hub; a folder " +
      "or URL in diffusers layout; a checkpoint in one .safetensors file",
  },
  tokenizerId: {
    default: null,
    null: "beside the checkpoint, else those of the base",
    isPath: true,
    isHubModel: true,
    isNew: true,
    doc: "The tokenizers of a checkpoint in one file: a folder, or owner/name of the Hub",
  },
  baseId: {
    default: null,
    null: "sdxl",
    isPath: true,
    isHubModel: true,
    isNew: true,
    doc: "The model that has the networks which a checkpoint in one file lacks: a folder, or " +
      "owner/name of the Hub",
  },
  vaeId: {
    default: null,
    null: "the teacher's own",
    isPath: true,
    isHubModel: true,
    isCheckpoint: true,
    doc: "The autoencoder: taesdxl, vae-16-fix or owner/name of the Hub; a folder, URL or " +
      ".safetensors file",
  },
  precision: {
    default: "auto",
    choices: {
      auto: "fp16 on a GPU that supports it, else fp32",
      fp32: "",
      fp16: "",
      q8: "8 bits per weight",
      q4: "4 bits per weight",
    },
    isNew: true,
    doc: "Precision of UNet, ControlNets and text encoders. The autoencoder stays fp32",
  },
  loraPath: {
    default: null,
    null: "none",
    isPath: "comma-separated",
    isHubModel: true,
    doc:
      "LoRA weights: a .safetensors file, a folder, owner/name or owner/name:file.safetensors of " +
      "the Hub. Several with commas between",
  },
  loraScale: { default: 1, range: "[-10, 10]", doc: "Factor of each LoRA" },
  clipSkip: {
    default: null,
    null: "1 for Stable Diffusion 1 and 2, 2 for SDXL",
    range: "[1, 12]",
    integer: true,
    isNew: true,
    doc: "Layer of the text encoders that is used, counted from the last: 2 skips one layer",
  },
  ldmSpeedUp: { default: false, unused: "there is no PyTorch here", doc: "torch.compile" },
  enableXformers: { default: false, unused: "there is no PyTorch here", doc: "xformers" },
  gradientCheckpoint: {
    default: false,
    unused: "there is no PyTorch here",
    doc: "Gradient checkpointing",
  },
  fast: {
    default: null,
    null: "inferred from the names of the model and its LoRAs",
    choices: {
      none: "no few-step model",
      turbo: "SDXL Turbo, SD Turbo",
      lightning: "SDXL-Lightning",
      hyper: "Hyper-SD",
      lcm: "latent consistency model",
      tcd: "trajectory consistency distillation",
      dmd2: "DMD2",
    },
    isNew: true,
    doc: "Kind of a few-step model or LoRA, which needs its own sampling settings",
  },
  sampler: {
    default: null,
    null: "by the teacher's kind",
    choices: {
      ddim: "",
      euler: "",
      dpmpp_2m_karras: "DPM-Solver++(2M) at the noise levels of Karras et al.",
      lcm: "for latent consistency models and DMD2",
      tcd: "for trajectory consistency distillation",
    },
    isNew: true,
    doc: "Sampler of the first image",
  },
  numInferenceSteps: {
    default: null,
    null: "by the teacher's kind: 6 for mini, 30 for SDXL, 4 or 8 for few-step models",
    range: "[1, 1000]",
    integer: true,
    doc: "Number of steps of the sampler",
  },
  guidanceScale: {
    default: null,
    null:
      "by the teacher's kind: 4 for mini, 7 for SDXL, 7.5 for SD 1 and 2, 1 for few-step models",
    range: "[0, 100]",
    doc: "Classifier-free guidance of the sampler; at most 1: the prompt alone. With few steps, " +
      "high values oversaturate and distort the image",
  },
  guidanceEnd: {
    default: null,
    null: "by the teacher's kind: 0.67 for mini, else 1",
    range: "(0, 1]",
    isNew: true,
    doc: "Share of the sampler's steps after which the teacher predicts with the prompt alone, " +
      "which takes half the time if an even number of samples is made. An edit of a picture does " +
      "not use it",
  },
  timestepSpacing: {
    default: null,
    null: "by the teacher's kind, else by its scheduler file",
    choices: ["leading", "trailing", "linspace"],
    isNew: true,
    doc: "How a sampler spaces its timesteps",
  },
  timesteps: {
    default: null,
    null: 'by "num_inference_steps" and "timestep_spacing"',
    isList: true,
    range: "[0, 999]",
    integer: true,
    isNew: true,
    doc:
      "Timesteps of the sampler, falling, such as [999, 800, 500]; their number is that of its " +
      "steps. Not for dpmpp_2m_karras. An edit of a picture does not use them",
  },
  predictionType: {
    default: null,
    null: "by the teacher's scheduler file",
    choices: ["epsilon", "v_prediction", "sample"],
    isNew: true,
    doc: "What the UNet predicts: the noise, the velocity, or the latents without noise",
  },
  rescaleZeroTerminalSnr: {
    default: null,
    null: "by the teacher's scheduler file",
    isSwitch: true,
    isNew: true,
    doc: "Whether the last timestep is pure noise",
  },
  promptWeights: {
    default: true,
    isNew: true,
    doc: "Whether (word:1.3), (word) and [word] in prompts are weights, as in ComfyUI",
  },
  promptChunks: {
    default: null,
    null: "by the teacher's kind: false for mini, else true",
    isSwitch: true,
    isNew: true,
    doc:
      "Whether prompts beyond the token limit (75 tokens) are encoded in chunks. Else they are " +
      "cut, and the run says where",
  },
  numReferences: {
    default: 6,
    range: "[1, 100]",
    integer: true,
    doc:
      "Number of images that the teacher samples. The run starts from the one whose picture fits " +
      "the prompt best",
  },
  choice: {
    default: null,
    null: "clip-and-evidence if the teacher's folder has a CLIP, else evidence",
    choices: {
      "clip-and-evidence":
        "the CLIP keeps the better half, of which the sum of both chooses; for few-step models clip",
      clip: "likeness of picture and prompt by the teacher's CLIP; no teacher calls",
      evidence: "denoising error without the prompt, divided by that with it",
      error: "denoising error with the prompt; of few-step models instead of evidence",
    },
    isNew: true,
    doc: 'What of the teacher ranks the samples, unless "clip_id" names a CLIP',
  },
  choiceTimes: {
    default: [0.99],
    range: "[0, 1]",
    isNew: true,
    doc: "Diffusion times, as shares, at which evidence and error are measured",
  },
  choiceNoises: {
    default: 2,
    range: "[1, 16]",
    integer: true,
    isNew: true,
    doc:
      "Number of noises at each of these times; each costs a teacher call for each sample that is " +
      "measured",
  },
  strength: {
    default: null,
    null: 'for an input image the teacher chooses 0 or one of "strengths"; for a sample it is ' +
      '"sample_strength"',
    range: "[0, 1]",
    isNew: true,
    doc:
      "How far the teacher may depart from the start image in the first steps, as a share of the " +
      "diffusion time. It edits the picture in its own grid and palette; 0: no edit",
  },
  strengths: {
    default: [0.2, 0.4, 0.6],
    range: "[0, 1]",
    isNew: true,
    doc: 'Strengths from which the teacher chooses for an input image, see "strength"',
  },
  sampleStrength: {
    default: 0,
    range: "[0, 1]",
    isNew: true,
    doc: 'Strength of the edit of a sample, if "strength" is not set; 0: no edit',
  },
  edits: {
    default: 1,
    range: "[1, 100]",
    integer: true,
    isNew: true,
    doc: "Number of edits at a given strength, each of the picture of the one before",
  },
  editSteps: {
    default: 24,
    range: "[1, 1000]",
    integer: true,
    isNew: true,
    doc: "Number of steps of the edit at strength 1; at another strength, that share of them",
  },
  clipId: {
    default: null,
    null: 'none: see "choice"',
    isPath: true,
    isHubModel: true,
    isNew: true,
    doc: 'A CLIP that ranks the samples, whatever "choice" is: owner/name, a folder or URL in ' +
      "transformers layout",
  },
} as const satisfies KeySpecs;
