import { configNotes } from "../../config/config_keys.ts";
import type { RunConfig } from "../../config/run_config.ts";
import type { TeacherFolder } from "../conditioning/teacher_folder.ts";
import { describeUnknownWords, findUnknownWords } from "../conditioning/unknown_words.ts";
import { type NetworkPrecision, precisionName } from "../onnx/runtime/network_precision.ts";
import { paletteWarnings } from "../palette/palette.ts";
import type { Palette } from "../palette/palette.ts";
import type { RunCheckpoint } from "../run/checkpoint.ts";
import { ignoresAutoencoder } from "./find_teacher.ts";
import { showsImage } from "../initialization/initialize.ts";

/** What a run begins with, as far as there is something to know of it. */
export interface NotedParts {
  /** The palette that the config names. */
  readonly palette: Palette;
  /** The teacher. */
  readonly teacher: TeacherFolder;
  /** What it goes on from. */
  readonly checkpoint: RunCheckpoint | undefined;
  /** Whether there is an image, given or drawn. */
  readonly hasImage: boolean;
  /** Whether the teacher draws an image. */
  readonly drawsImage: boolean;
  /** Whether the negative prompt is asked for. */
  readonly asksNegative: boolean;
  /** In which precision the networks are computed. */
  readonly precision: NetworkPrecision;
}

/** Lists what a user should know before a run, one sentence each. */
export async function runNotes(config: RunConfig, parts: NotedParts): Promise<string[]> {
  const { palette, teacher, checkpoint } = parts;
  const { diffusion, seed, training, prompt, negativePrompt } = config;
  const notes = [...configNotes(config), ...paletteWarnings(palette)];
  for (const text of [prompt, parts.asksNegative ? negativePrompt : ""]) {
    const words = await findUnknownWords(teacher.folder, text);
    notes.push(...describeUnknownWords(words, teacher.name));
  }
  if (ignoresAutoencoder(diffusion)) {
    notes.push(
      `"diffusion.vae_id" has no effect: the teacher "${teacher.name}" has latents of its own, ` +
        `which no other autoencoder makes`,
    );
  }
  if (negativePrompt !== "" && !parts.asksNegative) {
    notes.push('"negative_prompt" has no effect: "sd.guidance_scale" is 0');
  }
  if (diffusion.precision === "fp16" && precisionName(parts.precision) === "fp32") {
    notes.push('"diffusion.precision" has no effect: this runtime computes in fp32');
  }
  if (parts.drawsImage && diffusion.numReferences > 1 && diffusion.clipId === null) {
    const judged = showsImage(config) ? "whose picture in the run's colors it" : "that it";
    notes.push(
      `Of the ${diffusion.numReferences} images that the teacher draws, it chooses the one ` +
        `${judged} denoises best with the prompt`,
    );
  }
  if (diffusion.clipId !== null && (!parts.drawsImage || diffusion.numReferences === 1)) {
    const drawn = parts.drawsImage ? "one image is drawn" : "no image is drawn";
    notes.push(`"diffusion.clip_id" has no effect: ${drawn}, so there is nothing to choose`);
  }
  if (training.gradientLossScale > 0 && !parts.hasImage) {
    notes.push('"training.gradient_loss_scale" has no effect: there is no image to keep edges of');
  }
  if (checkpoint && checkpoint.seed !== seed) {
    notes.push(`The run goes on with seed ${seed}; it began with ${checkpoint.seed}`);
  }
  if (checkpoint && checkpoint.step >= training.steps) {
    notes.push(
      `All ${training.steps} steps are done: the checkpoint is of step ${checkpoint.step}; ` +
        `ask for more steps to go on`,
    );
  }
  return notes;
}
