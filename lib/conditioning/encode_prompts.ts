import type { ImageSize } from "../image/image.ts";
import type { NetworkPrecision } from "../onnx/runtime/network_precision.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { Conditioning, Prompts } from "./family/model_family.ts";
import { readPrompt } from "./read_prompt.ts";
import type { TeacherFolder } from "./teacher_folder.ts";

/** Options of {@linkcode encodePrompts}. */
export interface EncodePromptsOptions extends NetworkPrecision {
  /** Layer of the text encoders, counted from the last. Default: that of the family. */
  readonly clipSkip?: number;
  /** Size of the teacher's image, in pixels. Default: the size that the teacher was trained on. */
  readonly size?: ImageSize;
}

/**
 * Normalizes prompts, and encodes them with the text encoders of a teacher and its LoRAs. Each
 * encoder is loaded, run once and released.
 *
 * @throws {TeacherFolderError} If neither the teacher nor the caller gives the size.
 * @throws {SessionError} If a network cannot be loaded.
 */
export async function encodePrompts(
  sessions: SessionLoader,
  teacher: TeacherFolder,
  prompts: Prompts,
  { size, ...precision }: EncodePromptsOptions = {},
): Promise<Conditioning> {
  // The size conditioning is that of the training images, whatever the size of the image is now.
  const imageSize = teacher.unet.sampleSize || !size ? teacher.imageSize : size;
  const { prompt, negativePrompt } = prompts;
  const texts = {
    prompt: await readPrompt(teacher, prompt),
    negativePrompt: negativePrompt === undefined
      ? undefined
      : await readPrompt(teacher, negativePrompt),
  };
  return await teacher.promptEncoder.encode(sessions, texts, { ...precision, imageSize });
}
