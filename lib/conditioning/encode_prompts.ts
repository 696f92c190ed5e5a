import type { ImageSize } from "../image/image.ts";
import type { NetworkPrecision } from "../onnx/runtime/network_precision.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { Conditioning, Prompts } from "./family/model_family.ts";
import { readPrompts } from "./read_prompt.ts";
import type { TeacherFolder } from "./teacher_folder.ts";

/** Options of {@linkcode encodePrompts}. */
export interface EncodePromptsOptions extends NetworkPrecision {
  /** Layer of the text encoders, counted from the last. Default: that of the family. */
  readonly clipSkip?: number;
  /** Whether brackets and numbers in prompts are weights. Default: true. */
  readonly weights?: boolean;
  /** Max number of chunks of tokens. Default: 1. */
  readonly maxChunks?: number;
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
  { size, ...options }: EncodePromptsOptions = {},
): Promise<Conditioning> {
  // The size conditioning is that of the training images, whatever the size of the image is now.
  const imageSize = teacher.unet.sampleSize || !size ? teacher.imageSize : size;
  const { weights = true, ...rest } = options;
  const parts = await readPrompts(teacher, prompts, { weights });
  return await teacher.promptEncoder.encode(sessions, parts, { ...rest, imageSize });
}
