import { type ModelFolder, ModelFolderError } from "../weights/model_folder.ts";

/** Tells whether a file beside a checkpoint exists and may be read: it is not needed. */
export async function hasPermitted(folder: ModelFolder, path: string): Promise<boolean> {
  try {
    return await folder.has(path);
  } catch (error) {
    const isForbidden = error instanceof ModelFolderError &&
      error.cause instanceof Deno.errors.NotCapable;
    if (isForbidden) return false;
    throw error;
  }
}
