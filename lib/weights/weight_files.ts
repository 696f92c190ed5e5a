import type { FloatType } from "./float16.ts";
import type { ModelFolder } from "./model_folder.ts";
import { subfolderPath } from "./folder_files.ts";
import { PICKLE_NAMES, weightNames } from "./weight_names.ts";

/** The files of one network's weights. */
export interface FoundWeights {
  /** The file, or the index of the shards, for error messages. */
  readonly location: string;
  /** Paths in the folder. */
  readonly files: readonly string[];
  /** Keys that the index lists; undefined if there is no index. */
  readonly keys?: readonly string[];
}

/** Maximum number of shards: each stays open. */
const MAX_SHARDS = 500;

/**
 * Finds the files of a network's weights by the names of diffusers and transformers.
 *
 * @param subfolder Folder of the network inside the model folder; "" for the model folder itself.
 * @param prefer Precision that is taken if the folder has both.
 * @throws {RangeError} If there are none.
 * @throws {SyntaxError} If the index of shards is not valid.
 */
export async function findWeightFiles(
  folder: ModelFolder,
  subfolder: string,
  prefer: FloatType,
): Promise<FoundWeights> {
  const at = (name: string) => subfolderPath(subfolder, name);
  for (const { file, indexes } of weightNames(prefer)) {
    if (await folder.has(at(file))) {
      return { location: locate(folder, at(file)), files: [at(file)] };
    }
    for (const index of indexes) {
      if (await folder.has(at(index))) return await readIndex(folder, subfolder, at(index));
    }
  }
  for (const pickle of PICKLE_NAMES) {
    if (await folder.has(at(pickle))) {
      throw new RangeError(
        `Cannot read "${locate(folder, at(pickle))}": expected safetensors, got a pickle, ` +
          `which can run code when it is opened`,
      );
    }
  }
  throw new RangeError(
    `Cannot find weights in "${locate(folder, subfolder)}": ` +
      `expected diffusion_pytorch_model.safetensors or model.safetensors, with or without ` +
      `".fp16", in one file or in shards with an index.json`,
  );
}

async function readIndex(
  folder: ModelFolder,
  subfolder: string,
  path: string,
): Promise<FoundWeights> {
  const location = locate(folder, path);
  const text = await folder.text(path);
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${location}": it is not JSON`, { cause });
  }
  const weightMap = (index as { weight_map?: unknown } | null)?.weight_map;
  if (typeof weightMap !== "object" || weightMap === null || Array.isArray(weightMap)) {
    throw new SyntaxError(`Cannot read "${location}": expected an object "weight_map"`);
  }
  const files = new Set<string>();
  for (const [key, file] of Object.entries(weightMap)) {
    // Shards are beside their index. A path could lead out of the folder.
    if (typeof file !== "string" || !/^[^/\\]+\.safetensors$/.test(file)) {
      throw new SyntaxError(
        `Cannot read "${location}": expected the name of a .safetensors file for "${key}", ` +
          `got ${JSON.stringify(file)}`,
      );
    }
    files.add(subfolderPath(subfolder, file));
  }
  if (files.size > MAX_SHARDS) {
    throw new SyntaxError(
      `Cannot read "${location}": expected at most ${MAX_SHARDS} shards, got ${files.size}`,
    );
  }
  return { location, files: [...files], keys: Object.keys(weightMap) };
}

function locate(folder: ModelFolder, path: string): string {
  return path === "" ? folder.location : `${folder.location.replace(/\/$/, "")}/${path}`;
}
