import { OpenClip } from "../conditioning/choose_by_clip.ts";
import { findOwnClip, separateClip } from "../conditioning/clip_location.ts";
import { usesClip } from "../guidance/sampling_settings.ts";
import type { HubModelOptions } from "../hub/hub_model.ts";
import { openAuxiliaryModel } from "./find_teacher.ts";
import type { RunSetup } from "./set_up_run.ts";

/**
 * Opens the CLIP that will rank the samples of a run: the one that the config names, or the
 * teacher's own.
 *
 * @returns undefined if none will; the caller disposes of it.
 * @throws {ModelFolderError} If it cannot be read.
 * @throws {ModelConfigError} If it is not supported.
 * @throws {RangeError} If its weights or its tokenizer do not fit.
 * @throws {HubError} If it is not on this machine, or cannot be downloaded.
 */
export async function openChoosingClip(
  { teacher, config: { diffusion }, samplesImage }: Pick<
    RunSetup,
    "teacher" | "config" | "samplesImage"
  >,
  hub: HubModelOptions,
): Promise<OpenClip | undefined> {
  const { clipId, choice, numReferences } = diffusion;
  if (!samplesImage || !usesClip(choice) || numReferences === 1) return undefined;
  const location = clipId === null
    ? await findOwnClip(teacher.folder)
    : separateClip(await openAuxiliaryModel(clipId, hub));
  return await OpenClip.open(location!, { images: numReferences });
}
