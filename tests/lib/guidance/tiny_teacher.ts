import { encodePrompts, type PromptEmbeddings } from "../../../lib/conditioning/encode_prompts.ts";
import { openTeacherFolder, type TeacherFolder } from "../../../lib/conditioning/teacher_folder.ts";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import { openModelFolder } from "../../../lib/weights/folder.ts";
import { goldenPath } from "../../support/goldens.ts";

/** The teacher of the reference tensors, with its first two prompts. */
export interface TinyTeacher {
  readonly teacher: TeacherFolder;
  readonly schedule: NoiseSchedule;
  readonly prompts: PromptEmbeddings;
}

/** Opens it. @param rows 2 for [negative, prompt], 1 for the prompt alone. */
export async function openTinyTeacher(rows: 1 | 2 = 2): Promise<TinyTeacher> {
  const folder = openModelFolder(goldenPath("tiny-sdxl"));
  const teacher = await openTeacherFolder(folder, { name: "tiny" });
  const prompts = await encodePrompts(null, teacher, {
    prompt: "a red dragon flying over the castle",
    ...(rows === 2 ? { negativePrompt: "" } : {}),
  }, { runtime: "wasm" });
  return { teacher, schedule: await NoiseSchedule.open(folder), prompts };
}

/** Returns |actual - expected| / |expected|. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let [difference, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    size += expected[i]! ** 2;
  }
  return Math.sqrt(difference / size);
}
