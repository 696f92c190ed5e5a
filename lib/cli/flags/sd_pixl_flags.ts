import type { Flag } from "./flag.ts";

const NO_SCALER = "gradients are float32 and need no scaling";
const NO_WANDB =
  "there is no Weights & Biases; metrics.jsonl holds the metrics, as does --tensorboard";

/**
 * Hidden flags of SD-piXL: of main.py and its accelerate parser, models/pixelart.py and
 * assets/palettes/palette_show.py. They work as the config does, or give a note.
 *
 * Source: https://github.com/AlexandreBinninger/SD-piXL.
 */
export const SD_PIXL_FLAGS = [
  { name: "--checkpoint", commands: ["layers"], value: "path", path: "read" },
  { name: "--height", commands: ["layers"], value: "number" },
  { name: "--width", commands: ["layers"], value: "number" },
  {
    name: "--hex-path",
    aliases: ["--hex-dir"],
    commands: ["palettes"],
    value: "path",
    isList: true,
    path: "read",
  },
  {
    name: "--use-cpu",
    aliases: ["-cpu"],
    commands: ["generate"],
    settings: () => ({ "runtime": "wasm" }),
  },
  {
    name: "--gradient-accumulate-step",
    aliases: ["-cumgard"],
    commands: ["generate"],
    value: "number",
    key: "training.gradient_accumulation_steps",
  },
  {
    name: "--max-grad-norm",
    aliases: ["-gard_norm"],
    commands: ["generate"],
    value: "number",
    // SD-piXL's default, -1, leaves it to the config.
    settings: (value): Record<string, unknown> =>
      Number(value) <= 0 ? {} : { "training.clip_grad": true, "training.max_grad_norm": value },
  },
  {
    name: "--save-step",
    aliases: ["-save_step"],
    commands: ["generate"],
    value: "number",
    key: "training.checkpoint_steps",
  },
  {
    name: "--split-batches",
    commands: ["generate"],
    noEffect: "the teacher scores one picture at a time",
  },
  {
    name: "--mixed-precision",
    aliases: ["-mprec"],
    commands: ["generate"],
    value: "no|fp16|bf16",
    noEffect: "the runtime chooses the precision, unless diffusion.precision sets it",
    neutral: ["no"],
  },
  { name: "--init-scale", commands: ["generate"], value: "number", noEffect: NO_SCALER },
  { name: "--growth-factor", commands: ["generate"], value: "number", noEffect: NO_SCALER },
  { name: "--backoff-factor", commands: ["generate"], value: "number", noEffect: NO_SCALER },
  { name: "--growth-interval", commands: ["generate"], value: "number", noEffect: NO_SCALER },
  { name: "--use-wandb", commands: ["generate"], noEffect: NO_WANDB },
  { name: "--project-name", commands: ["generate"], value: "name", noEffect: NO_WANDB },
  { name: "--entity", commands: ["generate"], value: "name", noEffect: NO_WANDB },
  {
    name: "--log-step",
    aliases: ["-log_step"],
    commands: ["generate"],
    value: "number",
    noEffect: "metrics.jsonl gets a line at each step",
  },
  {
    name: "--eval-step",
    aliases: ["-eval_step"],
    commands: ["generate"],
    value: "number",
    noEffect: "there is no evaluation during a run; --set training.save_steps=… sets how often " +
      "intermediate pictures are kept",
  },
] as const satisfies readonly Flag[];
