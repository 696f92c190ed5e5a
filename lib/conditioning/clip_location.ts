import { ModelConfig } from "../models/model_config.ts";
import { subfolderPath, VOCABULARY_FILES } from "../weights/folder_files.ts";
import type { ModelFolder } from "../weights/model_folder.ts";

/** Where the files of a CLIP are. */
export interface ClipLocation {
  /** Model folder. */
  readonly folder: ModelFolder;
  /** Folder of the network inside the model folder; "" for the model folder itself. */
  readonly subfolder: string;
  /** Folder of its tokenizer inside the model folder. */
  readonly tokenizer: string;
  /** Whether it belongs to a teacher, and was trained on pictures like those of the teacher. */
  readonly isOwn: boolean;
}

/** Folder of a teacher's CLIP. */
const SUBFOLDER = "clip";

/** Library and class of a CLIP in `model_index.json`. */
const CLIP_CLASS = ["transformers", "CLIPModel"] as const;

/**
 * Finds the CLIP of a teacher: the folder `clip`, if its `model_index.json` names it as a CLIPModel
 * of transformers. It has its own tokenizer, or shares that of the first text encoder.
 *
 * @returns undefined if the index names none, or there is no index.
 * @throws {ModelConfigError} If the index is not a JSON object.
 */
export async function findOwnClip(folder: ModelFolder): Promise<ClipLocation | undefined> {
  if (!await folder.has("model_index.json")) return undefined;
  const index = await ModelConfig.open(folder, "", "model_index.json");
  const entry = index.get(SUBFOLDER);
  const isClip = Array.isArray(entry) && CLIP_CLASS.every((name, i) => entry[i] === name);
  if (!isClip) return undefined;
  const hasTokenizer = await hasVocabulary(folder, SUBFOLDER);
  return {
    folder,
    subfolder: SUBFOLDER,
    tokenizer: hasTokenizer ? SUBFOLDER : "tokenizer",
    isOwn: true,
  };
}

/** Returns the location of a CLIP in a separate model folder. */
export function separateClip(folder: ModelFolder): ClipLocation {
  return { folder, subfolder: "", tokenizer: "", isOwn: false };
}

async function hasVocabulary(folder: ModelFolder, subfolder: string): Promise<boolean> {
  for (const files of VOCABULARY_FILES) {
    const there = await Promise.all(
      files.map((name) => folder.has(subfolderPath(subfolder, name))),
    );
    if (there.every(Boolean)) return true;
  }
  return false;
}
