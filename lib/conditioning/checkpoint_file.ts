import { HubError } from "../hub/hub_error.ts";
import type { FileChoice } from "../hub/repo_files.ts";
import { recognizeFile } from "../inspect/families/recognize.ts";
import { type CheckpointLayout, layoutOf } from "../single_file/checkpoint_layout.ts";
import { defined } from "../text/defined.ts";
import { parseLoraLocation } from "../lora/lora_names.ts";
import { JoinedFolder, Subfolder } from "../single_file/joined_folder.ts";
import { SingleFileFolder } from "../single_file/single_file_folder.ts";
import { TokenizerFolder } from "../single_file/tokenizer_folder.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { TeacherFolderError } from "./teacher_folder.ts";

/** Options of {@linkcode openCheckpointFile}. */
export interface CheckpointFileOptions {
  /** Folder or model with the tokenizers. Default: beside the file, else those of the base. */
  readonly tokenizerId?: string | null;
  /** Folder or model with the networks that the file lacks. Default: one of the Hub. */
  readonly baseId?: string | null;
  /** Whether the autoencoder is elsewhere. Default: false. */
  readonly hasAutoencoder?: boolean;
  /** Opens a folder or a model of the Hub. */
  open(id: string, choice: FileChoice): Promise<ModelFolder>;
}

/** Tells whether an id names a file instead of a folder or model. */
export function isCheckpointFile(id: string): boolean {
  return id.endsWith(".safetensors");
}

/**
 * Opens a checkpoint in one file as a folder in diffusers' layout. Only its header is read.
 *
 * Text encoders and an autoencoder that it lacks come from a base.
 *
 * @param location Path or address, or "owner/name:file.safetensors".
 * @throws {TeacherFolderError} If it is no teacher of a supported family; the message says what it
 * is. If there is no tokenizer.
 * @throws {SafetensorsError} If it is not a safetensors file.
 * @throws {HubError} If a base is not on this machine.
 */
export async function openCheckpointFile(
  location: string,
  options: CheckpointFileOptions,
): Promise<ModelFolder> {
  const file = await openFile(location, options);
  const family = recognizeFile(file);
  if (family.refusal !== undefined) {
    throw new TeacherFolderError(file.location, `it is ${family.refusal}`);
  }
  if (family.kind !== "teacher") {
    const key = family.kind === "ControlNet" ? "controlnet.models_id" : "diffusion.vae_id";
    throw new TeacherFolderError(
      file.location,
      `it is a file of the kind "${family.name}"; name it by ${key}`,
    );
  }
  const [unknown] = file.split.unknown;
  if (unknown !== undefined) {
    throw new TeacherFolderError(
      file.location,
      `it has ${file.split.unknown.length} unknown tensors, such as "${unknown}"; list them with: ` +
        `deno task inspect ${location}`,
    );
  }
  const layout = layoutOf(file.split);
  const found = new Set<string>(file.split.parts.map(({ part }) => part));
  const needed = [...layout.textEncoders, ...options.hasAutoencoder ? [] : ["vae"]];
  const missing = needed.filter((part) => !found.has(part));
  const parts = new Map<string, ModelFolder>();
  if (missing.length > 0) {
    const baseId = options.baseId ?? layout.baseId;
    if (baseId === undefined) throw noBase(file.location, layout, missing);
    const base = await options.open(baseId, { subfolders: missing });
    for (const part of missing) parts.set(part, base);
  }
  const tokenizers = await findTokenizers(location, layout, options);
  for (const name of Object.keys(layout.tokenizers)) parts.set(name, tokenizers);
  return new JoinedFolder(file, parts);
}

/**
 * Opens the autoencoder in a file: a checkpoint, or an autoencoder alone.
 *
 * @throws {TeacherFolderError} If it has none.
 */
export async function openAutoencoderFile(
  location: string,
  options: Pick<CheckpointFileOptions, "open">,
): Promise<ModelFolder> {
  const file = await openFile(location, options);
  if (file.split.parts.some(({ part }) => part === "vae")) return new Subfolder(file, "vae");
  const { name } = recognizeFile(file);
  throw new TeacherFolderError(
    file.location,
    `expected an autoencoder in it for diffusion.vae_id, got ${name}`,
  );
}

/**
 * Opens the ControlNet in a file.
 *
 * @throws {TeacherFolderError} If it has none, or one that is not supported.
 */
export async function openControlnetFile(
  location: string,
  options: Pick<CheckpointFileOptions, "open">,
): Promise<ModelFolder> {
  const file = await openFile(location, options);
  const { kind, name, refusal } = recognizeFile(file);
  if (kind === "ControlNet" && refusal === undefined) return new Subfolder(file, "controlnet");
  throw new TeacherFolderError(
    file.location,
    `expected a ControlNet in it for controlnet.models_id, got ${refusal ?? name}`,
  );
}

async function openFile(
  location: string,
  { open }: Pick<CheckpointFileOptions, "open">,
): Promise<SingleFileFolder> {
  const { folder: id, path } = parseLoraLocation(location);
  const folder = await open(id, { file: path });
  return await SingleFileFolder.open(folder, path, { beside: folder });
}

function noBase(
  location: string,
  { name }: CheckpointLayout,
  missing: readonly string[],
): TeacherFolderError {
  return new TeacherFolderError(
    location,
    `it has no ${missing.join(" and no ")}; name a folder or a model of the Hub of ${name} with ` +
      `them by diffusion.base_id`,
  );
}

async function findTokenizers(
  location: string,
  layout: CheckpointLayout,
  { tokenizerId, baseId, open }: CheckpointFileOptions,
): Promise<ModelFolder> {
  const { tokenizers } = layout;
  const id = tokenizerId ?? null;
  if (id === null) {
    const { folder, path } = parseLoraLocation(location);
    const beside = await TokenizerFolder.find(await open(folder, { file: path }), tokenizers);
    if (beside) return beside;
  }
  let cause: HubError | undefined;
  const named = id ?? baseId ?? null;
  for (const source of named === null ? layout.tokenizerIds : [named]) {
    try {
      const folder = await open(source, { subfolders: ["tokenizer", "tokenizer_2"] });
      const isForeign = named === null;
      const found = await TokenizerFolder.find(folder, tokenizers, { isForeign });
      if (found) return found;
    } catch (error) {
      if (
        !(error instanceof HubError) || error.missing.length === 0 && error.status !== undefined
      ) {
        throw error;
      }
      cause ??= error;
    }
  }
  const detail = id === null ? "" : `, and "${id}" has none`;
  const folders = Object.keys(tokenizers).join(" and ");
  throw new TeacherFolderError(
    location,
    `a file has no tokenizer${detail}; put ${folders} of ${layout.name} as folders, or ` +
      `vocab.json and merges.txt, beside it, name a folder with them by diffusion.tokenizer_id, ` +
      `or get them with --download (1.6 MB)`,
    defined({ cause }),
  );
}
