import type { DiffusionConfig, SdConfig } from "../../config/run_config.ts";
import { openTeacherFolder, type TeacherFolder } from "../conditioning/teacher_folder.ts";
import type { ImageSize } from "../image/image.ts";
import { type ModelFolderOptions, openModelFolder } from "../weights/folder.ts";

/** Name of the teacher that ships with Smalti. */
export const BUILT_IN_TEACHER = "mini";

/**
 * Opens the teacher that a config names, with the autoencoder that it names.
 *
 * The built-in teacher lies beside this module: on the disk, or on the server that it came from.
 *
 * @throws {TeacherFolderError} If it is no teacher, or cannot be used.
 * @throws {ModelFolderError} If a file cannot be read.
 */
export async function findTeacher(
  { modelId, vaeId }: Pick<DiffusionConfig, "modelId" | "vaeId">,
  options: ModelFolderOptions = {},
): Promise<TeacherFolder> {
  const location = modelId === BUILT_IN_TEACHER
    ? new URL(import.meta.resolve("../../assets/models/mini/"))
    : modelId;
  return await openTeacherFolder(openModelFolder(location, options), {
    name: modelId,
    ...(isFolder(vaeId) ? { autoencoder: openModelFolder(vaeId, options) } : {}),
  });
}

/** SD-piXL's names of autoencoders, such as "taesdxl", are no folders; the config notes them. */
function isFolder(vaeId: string | null): vaeId is string {
  return vaeId !== null && /[\\/]/.test(vaeId);
}

/**
 * Returns the size to which that of a teacher's images is chosen, in pixels.
 *
 * @throws {TeacherFolderError} If neither the config nor the teacher tells it.
 */
export function nativeSize(
  teacher: TeacherFolder,
  { imSize }: Pick<SdConfig, "imSize">,
): ImageSize {
  return imSize === null ? teacher.imageSize : { height: imSize, width: imSize };
}
