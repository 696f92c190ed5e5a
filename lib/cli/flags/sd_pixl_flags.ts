import type { ConfigSource } from "../../../config/config_source.ts";
import { sourceOf } from "../../../config/parse_run_config.ts";

/** A flag of SD-piXL's `main.py` that `generate` takes for its users, and what becomes of it. */
export interface SdPixlFlag {
  /** Long name, with dashes where SD-piXL may have underscores: "--use-cpu". */
  readonly name: string;
  /** Short name, of more than one letter: "-cpu". */
  readonly short?: string;
  /** What its value is; undefined for a switch. */
  readonly value?: string;
  /** Config values that it stands for, by dotted key; undefined for a flag without meaning. */
  readonly settings?: (value: string) => Readonly<Record<string, unknown>>;
  /** Why it changes nothing. */
  readonly why?: string;
  /** Values that ask for what is done anyway. */
  readonly neutral?: readonly string[];
}

const NO_SCALER = "gradients are float32 and need no scaling";
const NO_WANDB =
  "there is no Weights & Biases; metrics.jsonl holds the metrics, as does --tensorboard";

/**
 * Flags that have no place in `--help`, because the config, or nothing, does what they ask for.
 *
 * Source: https://github.com/AlexandreBinninger/SD-piXL, main.py and its accelerate parser.
 */
export const SD_PIXL_FLAGS: readonly SdPixlFlag[] = [
  { name: "--use-cpu", short: "-cpu", settings: () => ({ "runtime": "wasm" }) },
  {
    name: "--gradient-accumulate-step",
    short: "-cumgard",
    value: "number",
    settings: (value) => ({ "training.gradient_accumulation_steps": value }),
  },
  { name: "--split-batches", why: "the teacher judges one picture at a time" },
  {
    name: "--mixed-precision",
    short: "-mprec",
    value: "no|fp16|bf16",
    why: "what runs the networks chooses their precision, unless diffusion.precision tells it",
    neutral: ["no"],
  },
  { name: "--init-scale", value: "number", why: NO_SCALER },
  { name: "--growth-factor", value: "number", why: NO_SCALER },
  { name: "--backoff-factor", value: "number", why: NO_SCALER },
  { name: "--growth-interval", value: "number", why: NO_SCALER },
  {
    name: "--max-grad-norm",
    short: "-gard_norm",
    value: "number",
    // SD-piXL's default, -1, leaves it to the config.
    settings: (value): Record<string, unknown> =>
      Number(value) <= 0 ? {} : { "training.clip_grad": true, "training.max_grad_norm": value },
  },
  { name: "--use-wandb", why: NO_WANDB },
  { name: "--project-name", value: "name", why: NO_WANDB },
  { name: "--entity", value: "name", why: NO_WANDB },
  {
    name: "--log-step",
    short: "-log_step",
    value: "number",
    why: "metrics.jsonl gets a line at each step",
  },
  {
    name: "--eval-step",
    short: "-eval_step",
    value: "number",
    why:
      "there is no evaluation during a run; --set training.save_steps=… sets when pictures are kept",
  },
  {
    name: "--save-step",
    short: "-save_step",
    value: "number",
    settings: (value) => ({ "training.checkpoint_steps": value }),
  },
];

/** Values of {@linkcode SD_PIXL_FLAGS} by name, as typed; true for a switch. */
export type SdPixlValues = Readonly<Record<string, string | true>>;

/** Says which of the flags change nothing, a sentence each, with the reason. */
export function sdPixlNotes(values: SdPixlValues): string[] {
  return SD_PIXL_FLAGS.flatMap(({ name, why, neutral = [] }) => {
    const value = values[name];
    if (why === undefined || value === undefined || neutral.includes(String(value))) return [];
    return [`"${name}" has no effect: ${why}`];
  });
}

/**
 * Turns the flags into config values.
 *
 * @throws {ConfigError} If a value does not fit, naming the flag.
 */
export function sdPixlSource(values: SdPixlValues): ConfigSource {
  const flagOf = new Map<string, string>();
  const settings: Record<string, unknown> = {};
  for (const { name, settings: settingsOf } of SD_PIXL_FLAGS) {
    const value = values[name];
    if (value === undefined || settingsOf === undefined) continue;
    for (const [path, setting] of Object.entries(settingsOf(String(value)))) {
      settings[path] = setting;
      flagOf.set(path, name);
    }
  }
  return sourceOf(settings, (path) => flagOf.get(path)!);
}
