import type { FloatType } from "./float16.ts";
import type { ModelFolder } from "./model_folder.ts";

/** The files that hold the weights of one network. */
export interface FoundWeights {
  /** The file, or the index of the shards, for error messages. */
  readonly location: string;
  /** Paths in the folder. */
  readonly files: readonly string[];
  /** Keys that the index promises; undefined where there is no index. */
  readonly keys?: readonly string[];
}

/** Names before the ending: diffusers' networks, then transformers'. */
const STEMS = ["diffusion_pytorch_model", "model"] as const;

/**
 * Finds the files of a network's weights, named as diffusers and transformers name them.
 *
 * @param subfolder Folder of the network inside the model folder; "" for the model folder itself.
 * @param prefer Variant that is taken where both are there.
 * @throws {RangeError} If there are none.
 */
export async function findWeightFiles(
  folder: ModelFolder,
  subfolder: string,
  prefer: FloatType,
): Promise<FoundWeights> {
  const at = (name: string) => subfolder === "" ? name : `${subfolder}/${name}`;
  const variants = prefer === "float16" ? [".fp16", ""] : ["", ".fp16"];
  for (const variant of variants) {
    for (const stem of STEMS) {
      const file = at(`${stem}${variant}.safetensors`);
      if (await folder.has(file)) return { location: locate(folder, file), files: [file] };
    }
  }
  for (const variant of variants) {
    for (const stem of STEMS) {
      for (const index of indexNames(stem, variant)) {
        if (await folder.has(at(index))) return await readIndex(folder, subfolder, at(index));
      }
    }
  }
  for (const pickle of ["diffusion_pytorch_model.bin", "pytorch_model.bin"]) {
    if (await folder.has(at(pickle))) {
      throw new RangeError(
        `Cannot read "${locate(folder, at(pickle))}": expected safetensors, got a pickle, ` +
          `which can run code when it is opened`,
      );
    }
  }
  throw new RangeError(
    `Cannot find weights in "${locate(folder, subfolder)}": ` +
      `expected diffusion_pytorch_model.safetensors or model.safetensors, ` +
      `with ".fp16" or in shards with their index.json too`,
  );
}

/** Both orders of the variant are found in the wild. */
function indexNames(stem: string, variant: string): readonly string[] {
  if (variant === "") return [`${stem}.safetensors.index.json`];
  return [`${stem}.safetensors.index${variant}.json`, `${stem}${variant}.safetensors.index.json`];
}

async function readIndex(
  folder: ModelFolder,
  subfolder: string,
  path: string,
): Promise<FoundWeights> {
  const location = locate(folder, path);
  let index: unknown;
  try {
    index = JSON.parse(await folder.text(path));
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${location}": it is not JSON`, { cause });
  }
  const weightMap = (index as { weight_map?: unknown } | null)?.weight_map;
  if (typeof weightMap !== "object" || weightMap === null || Array.isArray(weightMap)) {
    throw new SyntaxError(`Cannot read "${location}": expected an object "weight_map"`);
  }
  const files = new Set<string>();
  for (const [key, file] of Object.entries(weightMap)) {
    // A shard lies beside its index: a path could lead out of the folder.
    if (typeof file !== "string" || !/^[^/\\]+\.safetensors$/.test(file)) {
      throw new SyntaxError(
        `Cannot read "${location}": expected the name of a .safetensors file for "${key}", ` +
          `got ${JSON.stringify(file)}`,
      );
    }
    files.add(subfolder === "" ? file : `${subfolder}/${file}`);
  }
  return { location, files: [...files], keys: Object.keys(weightMap) };
}

function locate(folder: ModelFolder, path: string): string {
  return path === "" ? folder.location : `${folder.location.replace(/\/$/, "")}/${path}`;
}
