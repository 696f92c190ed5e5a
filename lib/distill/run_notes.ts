import { configNotes } from "../../config/config_keys.ts";
import { promptNotes, readingOf } from "../conditioning/read_prompt.ts";
import { schedulerNote } from "../guidance/scheduler_config.ts";
import { openLoras } from "../lora/lora_file.ts";
import { missingModules } from "../lora/lora_merge.ts";
import { excerpt } from "../text/visible_text.ts";
import { showsImage } from "../initialization/initialize.ts";
import { precisionName } from "../onnx/runtime/network_precision.ts";
import { paletteWarnings } from "../palette/palette.ts";
import type { RunCheckpoint } from "../run/checkpoint.ts";
import { editsPicture } from "./edit_plan.ts";
import { StateDict } from "../weights/state_dict.ts";
import { ignoresAutoencoder } from "./find_teacher.ts";
import type { RunSetup } from "./set_up_run.ts";

/** Lists what a user should know before a run, one sentence each. */
export async function runNotes(
  setup: RunSetup,
  checkpoint: RunCheckpoint | undefined,
): Promise<string[]> {
  return [
    ...configNotes(setup.config),
    ...paletteWarnings(setup.palette),
    ...await notesOfPrompts(setup),
    ...await setup.teacher.promptEncoder.notes?.() ?? [],
    ...teacherNotes(setup),
    ...await loraNotes(setup),
    ...(checkpoint ? [] : await samplingNotes(setup)),
    ...referenceNotes(setup),
    ...editNotes(setup, checkpoint),
    ...inventoryNotes(setup),
    ...lossNotes(setup),
    ...resumeNotes(setup, checkpoint),
  ];
}

/** What the teacher reads otherwise than typed. */
async function notesOfPrompts(
  { config, teacher, usesNegativePrompt }: RunSetup,
): Promise<string[]> {
  const texts = [config.prompt, usesNegativePrompt ? config.negativePrompt : ""];
  const notes = await Promise.all(
    texts.map((text) => promptNotes(teacher, text, readingOf(config.diffusion))),
  );
  return [...new Set(notes.flat())];
}

/** What of the LoRAs is left out. */
async function loraNotes({ teacher }: RunSetup): Promise<string[]> {
  if (teacher.loras.length === 0) return [];
  using opened = await openLoras(teacher.loras);
  using unet = await StateDict.open(teacher.folder, "unet");
  return opened.loras.flatMap(({ lora }) => {
    const { location, embeddings } = lora;
    const missing = missingModules(unet, "unet", lora);
    const notes: string[] = [];
    if (embeddings.length > 0) {
      const names = embeddings.map((name) => excerpt(name)).join(", ");
      notes.push(`The LoRA "${location}" holds textual inversions, which are left out: ${names}`);
    }
    if (missing.length > 0) {
      const more = missing.length > 1 ? `, and ${missing.length - 1} more` : "";
      notes.push(
        `The LoRA "${location}" is for a larger UNet. Modules that the UNet of ` +
          `"${teacher.name}" lacks are left out: ${excerpt(missing[0]!)}${more}`,
      );
    }
    return notes;
  });
}

/** Settings that the teacher or the runtime cannot follow. */
function teacherNotes({ config, teacher, precision, usesNegativePrompt }: RunSetup): string[] {
  const notes: string[] = [];
  if (ignoresAutoencoder(config.diffusion)) {
    notes.push(
      `"diffusion.vae_id" has no effect: the latents of the teacher "${teacher.name}" need its ` +
        `own autoencoder`,
    );
  }
  if (config.negativePrompt !== "" && !usesNegativePrompt) {
    notes.push('"negative_prompt" has no effect: guidance is off');
  }
  if (config.diffusion.precision === "fp16" && precisionName(precision) === "fp32") {
    notes.push('"diffusion.precision" has no effect: this runtime computes in fp32');
  }
  return notes;
}

/** Which sampling settings the teacher's kind and its scheduler file give. */
async function samplingNotes({ teacher, samplingNote }: RunSetup): Promise<string[]> {
  const notes = [samplingNote, await schedulerNote(teacher.folder)];
  return notes.filter((note) => note !== undefined);
}

/** How one of several samples is chosen. */
function referenceNotes({ config, samplesImage, usesNegativePrompt }: RunSetup): string[] {
  const { numReferences, clipId, choice } = config.diffusion;
  if (!samplesImage || numReferences === 1) {
    if (clipId === null) return [];
    const found = samplesImage ? "only one image is sampled" : "no image is sampled";
    return [`"diffusion.clip_id" has no effect: ${found}`];
  }
  const scored = showsImage(config) ? " in the run's palette" : "";
  const errors = "the denoising errors with and without it";
  const clip = clipId === null ? "the teacher's CLIP" : `"${clipId}"`;
  const by = choice === "clip"
    ? `that shows the prompt best, by ${clip}`
    : choice === "clip-and-evidence"
    ? `that shows the prompt best, by ${clip} and ${errors}`
    : choice === "evidence" && usesNegativePrompt
    ? `that shows the prompt best, by ${errors}`
    : "with the lowest denoising error";
  return [
    `The run starts from the best of ${numReferences} samples of the teacher: the one ${by}${scored}`,
  ];
}

/** Why a picture is not edited. */
function editNotes(
  { config, hasInputImage, unknownWords }: RunSetup,
  checkpoint: RunCheckpoint | undefined,
): string[] {
  const isChosen = config.diffusion.strength === null && hasInputImage &&
    editsPicture(config, { hasInputImage });
  if (isChosen && !checkpoint && unknownWords.length > 0) {
    return [
      "The image is only converted: the teacher does not know its subject; --strength edits it",
    ];
  }
  if (!config.diffusion.strength || checkpoint || editsPicture(config, { hasInputImage })) {
    return [];
  }
  const reason = config.prompt === ""
    ? "without a prompt, the picture is only converted"
    : "the picture does not start from an image";
  return [`"diffusion.strength" has no effect: ${reason}`];
}

/** What an inventory decides otherwise. */
function inventoryNotes({ config: { generator } }: RunSetup): string[] {
  if (generator.inventory === null || ["srgb", "ciede2000"].includes(generator.colorDistance)) {
    return [];
  }
  return ['"generator.color_distance" has no effect: an inventory is matched by CIEDE2000'];
}

/** Losses that have nothing to compare with, or nothing to count. */
function lossNotes({ config, hasInputImage, samplesImage }: RunSetup): string[] {
  const { training, generator } = config;
  const notes: string[] = [];
  if (training.gradientLossScale > 0 && !hasInputImage && !samplesImage) {
    notes.push(
      '"training.gradient_loss_scale" has no effect: there is no image to compare edges with',
    );
  }
  if (training.looseScale > 0 && training.steps > 0 && !generator.transparent) {
    notes.push(
      '"training.loose_scale" has no effect: without transparent pixels the picture holds together',
    );
  }
  return notes;
}

/** Differences between a resumed run and its checkpoint. */
function resumeNotes({ config }: RunSetup, checkpoint: RunCheckpoint | undefined): string[] {
  const { seed, training: { steps } } = config;
  const notes: string[] = [];
  if (checkpoint && checkpoint.seed !== seed) {
    notes.push(`The run resumes with seed ${seed}; it started with seed ${checkpoint.seed}`);
  }
  const total = (checkpoint?.editSteps ?? 0) + steps;
  if (checkpoint && checkpoint.step >= total) {
    notes.push(
      `The run is finished: its checkpoint is of step ${checkpoint.step} of ${total}; to continue ` +
        `it, raise the number of steps`,
    );
  }
  return notes;
}
