import type { DiffusionConfig, RunConfig } from "../../../config/run_config.ts";
import { findOwnClip } from "../../../lib/conditioning/clip_location.ts";
import { findTeacher } from "../../../lib/distill/find_teacher.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { ModelFolder } from "../../../lib/weights/model_folder.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";

/** Number of values of each weight in the hash. */
const COMPARED_VALUES = 16;

/** Hashes the first values of each weight of a teacher's UNet and CLIP. Training changes them. */
export async function teacherFingerprint(config: DiffusionConfig): Promise<string> {
  const { folder } = await findTeacher(config);
  const clip = await findOwnClip(folder);
  const values = await firstValues(folder, "unet");
  if (clip) values.push(...await firstValues(folder, clip.subfolder));
  return await hash(values);
}

async function firstValues(
  folder: ModelFolder,
  subfolder: string,
): Promise<Uint8Array<ArrayBuffer>[]> {
  using weights = await StateDict.open(folder, subfolder);
  return weights.keys().map((key) => {
    const entry = weights.get(key);
    return entry.read("float32", 0, Math.min(COMPARED_VALUES, shapeSize(entry.shape)));
  });
}

/** Inputs of a picture. */
export interface PictureSource {
  /** Its config. */
  readonly config: RunConfig;
  /** Values of the input image, if there is one. */
  readonly input: Uint8Array | undefined;
  /** Hash of the teacher, independent of its location. */
  readonly teacher: string;
}

/** Hashes all inputs of a picture, without the code and the machine. */
export async function pictureFingerprint(source: PictureSource): Promise<string> {
  const { config: { diffusion, ...rest }, input, teacher } = source;
  const text = JSON.stringify([rest, { ...diffusion, modelId: teacher }]);
  return await hash([new TextEncoder().encode(text), ...(input ? [input.slice()] : [])]);
}

/** Number of the formulas of the scores. A change of a formula raises it. */
const SCORES_VERSION = 1;

/**
 * Hashes all inputs of the scores of a picture.
 *
 * @param picture The journal's entry of the picture.
 * @param judge Hash of the judge.
 */
export async function scoresFingerprint(
  picture: { readonly fingerprint: string },
  judge: string,
): Promise<string> {
  const text = `${SCORES_VERSION} ${picture.fingerprint} ${judge}`;
  return await hash([new TextEncoder().encode(text)]);
}

/** Hashes bytes: 16 hexadecimal digits. */
export async function hash(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", await new Blob([...parts]).arrayBuffer());
  return new Uint8Array(bytes, 0, 8).toHex();
}
