import { readAutoencoder } from "../models/autoencoder/autoencoder.ts";
import type { DiffusionConfig, SdConfig } from "../../config/run_config.ts";
import {
  checkTeacherFolder,
  openTeacherFolder,
  type TeacherFolder,
} from "../conditioning/teacher_folder.ts";
import {
  isCheckpointFile,
  openAutoencoderFile,
  openCheckpointFile,
  openControlnetFile,
} from "../conditioning/checkpoint_file.ts";
import type { ImageSize } from "../image/image.ts";
import { type ModelFolder, ModelFolderError } from "../weights/model_folder.ts";
import { describeOtherFormat } from "../weights/other_formats.ts";
import { openModelFolder } from "../weights/open_model_folder.ts";
import { type HubModelOptions, openHubModel, webOptions } from "../hub/hub_model.ts";
import type { FileChoice } from "../hub/repo_files.ts";
import { findLora, type LoraReference } from "../lora/lora_file.ts";
import { LORA_FILE, splitLoraPaths } from "../lora/lora_names.ts";
import {
  FOLDER_MARKS,
  hasShortName,
  isBuiltInTeacher,
  mayBeHubModel,
  UnknownModelError,
} from "../hub/model_ids.ts";

/** Options of {@linkcode findTeacher}. */
export interface FindTeacherOptions {
  /** Where models of the Hub are, and whether they are downloaded. Default: not downloaded. */
  readonly hub?: HubModelOptions;
}

/** Settings of a teacher. */
type TeacherConfig =
  & Pick<DiffusionConfig, "modelId" | "vaeId" | "loraPath" | "loraScale">
  & Partial<Pick<DiffusionConfig, "tokenizerId" | "baseId">>;

/**
 * Opens the teacher that a config names, with the autoencoder and the LoRAs that it names.
 *
 * A built-in teacher lies beside this module: on the disk, or on the server of the module. A
 * teacher of the Hub without ControlNets uses others of the Hub.
 *
 * @throws {TeacherFolderError} If it is not a teacher, or cannot be used.
 * @throws {ModelFolderError} If a file cannot be read.
 * @throws {HubError} If a model of the Hub is not on this machine, or cannot be downloaded.
 */
export async function findTeacher(
  config: TeacherConfig,
  { hub = {} }: FindTeacherOptions = {},
): Promise<TeacherFolder> {
  const { modelId, vaeId, loraPath, loraScale } = config;
  refuseOtherFormats([modelId, ...vaeId === null ? [] : [vaeId], ...splitLoraPaths(loraPath)]);
  const folder = await openTeacher(config, hub);
  const isOfHub = !isBuiltInTeacher(modelId) &&
    (isCheckpointFile(modelId) || (mayBeHubModel(modelId) && folder.location !== modelId));
  const loras: LoraReference[] = [];
  // One by one: two may be in one repository.
  for (const location of splitLoraPaths(loraPath)) {
    loras.push(
      await findLora(
        location,
        loraScale,
        (id, file) => openAuxiliaryModel(id, { ...hub, file, orOnlyWeights: file === LORA_FILE }),
      ),
    );
  }
  return await openTeacherFolder(folder, {
    name: modelId,
    loras,
    ...(vaeId === null || ignoresAutoencoder({ modelId, vaeId })
      ? {}
      : { autoencoder: { id: vaeId, open: () => openAutoencoder(vaeId, hub) } }),
    findControlnet: async (id, check) =>
      isOfHub || /[\\/]/.test(id) ? await openControlnet(id, { ...hub, check }) : undefined,
  });
}

/** Refuses pickles and other formats by their names, before anything is opened. */
function refuseOtherFormats(locations: readonly string[]): void {
  for (const location of locations) {
    const other = describeOtherFormat(location);
    if (other !== undefined) throw new ModelFolderError(location, `it is ${other}`);
  }
}

async function openTeacher(
  { modelId, vaeId, tokenizerId = null, baseId = null }: TeacherConfig,
  hub: HubModelOptions,
): Promise<ModelFolder> {
  if (isBuiltInTeacher(modelId)) {
    const url = new URL(import.meta.resolve(`../../assets/models/${modelId}/`));
    return openModelFolder(url, webOptions(hub));
  }
  const check = (folder: ModelFolder) => checkTeacherFolder(folder, modelId);
  if (!isCheckpointFile(modelId)) return await openModel(modelId, { ...hub, check });
  return await openCheckpointFile(modelId, {
    tokenizerId,
    baseId,
    hasAutoencoder: vaeId !== null,
    open: (id, choice) => openAuxiliaryModel(id, { ...hub, ...choice }),
  });
}

async function openAutoencoder(id: string, hub: HubModelOptions): Promise<ModelFolder> {
  const check = async (folder: ModelFolder) => {
    await readAutoencoder(folder, "");
  };
  if (!isCheckpointFile(id)) return await openAuxiliaryModel(id, { ...hub, check });
  const open = (name: string, choice: FileChoice) =>
    openAuxiliaryModel(name, { ...hub, ...choice });
  return await openAutoencoderFile(id, { open });
}

async function openControlnet(id: string, hub: HubModelOptions): Promise<ModelFolder> {
  if (!isCheckpointFile(id)) return await openAuxiliaryModel(id, hub);
  const { check: _, ...others } = hub;
  const open = (name: string, choice: FileChoice) =>
    openAuxiliaryModel(name, { ...others, ...choice });
  return await openControlnetFile(id, { open });
}

/** Opens a model that a run needs besides its teacher: a folder, or a model of the Hub. */
export async function openAuxiliaryModel(id: string, hub: HubModelOptions): Promise<ModelFolder> {
  return await openModel(id, { ...hub, downloadCommand: "the same command with --download" });
}

/** Opens a folder or a model of the Hub; a name without slash is a folder, unless it is known. */
async function openModel(id: string, hub: HubModelOptions): Promise<ModelFolder> {
  const isBare = !/[\\/@]/.test(id) && !hasShortName(id);
  if (!isBare) return await openHubModel(id, hub);
  const folder = openModelFolder(id);
  for (const path of FOLDER_MARKS) if (await folder.has(path)) return folder;
  throw new UnknownModelError(id);
}

/** Tells whether the autoencoder is one of SDXL by name, which the built-in teacher cannot use. */
export function ignoresAutoencoder(
  { modelId, vaeId }: Pick<DiffusionConfig, "modelId" | "vaeId">,
): boolean {
  return isBuiltInTeacher(modelId) && vaeId !== null && hasShortName(vaeId);
}

/**
 * Returns the size of the teacher's images for square pictures, in pixels.
 *
 * @throws {TeacherFolderError} If neither the config nor the teacher defines it.
 */
export function nativeSize(
  teacher: TeacherFolder,
  { imSize }: Pick<SdConfig, "imSize">,
): ImageSize {
  return imSize === null ? teacher.imageSize : { height: imSize, width: imSize };
}
