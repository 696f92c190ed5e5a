import type { ModelFolder } from "../../weights/model_folder.ts";
import { subfolderPath } from "../../weights/folder_files.ts";
import { ModelConfig } from "../model_config.ts";

/** The vocabulary of a byte-pair tokenizer. */
export interface ClipVocabulary {
  /** File of the tokens. */
  readonly file: ModelConfig;
  /** Ids by token. */
  readonly tokens: Readonly<Record<string, unknown>>;
  /** Pairs of tokens that are joined, the first one first. */
  readonly merges: readonly (readonly string[])[];
}

/**
 * Reads a vocabulary: `vocab.json` and `merges.txt`, or `tokenizer.json` if one of them is missing.
 *
 * @param subfolder Folder inside the model folder; "" for the folder itself.
 * @throws {ModelConfigError} If a file is not valid.
 * @throws {ModelFolderError} If there is none.
 */
export async function readClipVocabulary(
  folder: ModelFolder,
  subfolder: string,
): Promise<ClipVocabulary> {
  const has = (name: string) => folder.has(subfolderPath(subfolder, name));
  const hasBoth = await has("vocab.json") && await has("merges.txt");
  if (!hasBoth && await has("tokenizer.json")) return await readTokenizerFile(folder, subfolder);
  const file = await ModelConfig.open(folder, subfolder, "vocab.json");
  const text = await folder.text(subfolderPath(subfolder, "merges.txt"));
  const merges = text.split("\n")
    .map((line) => line.trimEnd())
    .filter((line, i) => line !== "" && !(i === 0 && line.startsWith("#version")))
    .map((line) => line.split(" "));
  return { file, tokens: file.options(), merges };
}

/** Reads the file of the package "tokenizers". Its merges are texts or lists of two tokens. */
async function readTokenizerFile(folder: ModelFolder, subfolder: string): Promise<ClipVocabulary> {
  const config = await ModelConfig.open(folder, subfolder, "tokenizer.json");
  const model = config.section("model");
  model.choice("type", ["BPE"], "BPE");
  model.choice("end_of_word_suffix", ["</w>"], "</w>");
  const file = model.section("vocab");
  const found: unknown = model.get("merges");
  const merges = Array.isArray(found)
    ? found.map((pair: unknown) => typeof pair === "string" ? pair.split(" ") : pair)
    : [];
  if (Array.isArray(found) && merges.every(isPair)) {
    return { file, tokens: file.options(), merges };
  }
  throw model.refusal("merges", "a list of pairs of tokens");
}

function isPair(value: unknown): value is string[] {
  return Array.isArray(value) && value.length === 2 &&
    value.every((token) => typeof token === "string");
}
