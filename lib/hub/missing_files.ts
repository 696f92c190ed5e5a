import type { ModelFolder } from "../weights/model_folder.ts";
import { openModelFolder } from "../weights/open_model_folder.ts";
import type { MissingFile } from "./hub_error.ts";
import { chooseFiles, type FileChoice, hasNetwork, isWanted } from "./repo_files.ts";
import type { RepoFile, RepoListing } from "./repo_listing.ts";
import { subfolderPath, VOCABULARY_FILES } from "../weights/folder_files.ts";
import { findWeightFiles } from "../weights/weight_files.ts";
import type { RepoCache } from "./repo_cache.ts";

/**
 * Lists the needed files of a commit that are not in the cache, or have another size there.
 *
 * Complete weights in the other precision are accepted: they need no second download.
 *
 * @throws {HubError} If the repository has no such files.
 */
export async function missingOfListing(
  cache: RepoCache,
  { repo, listing }: { repo: string; listing: RepoListing },
  choice: FileChoice,
): Promise<readonly RepoFile[]> {
  const missing: RepoFile[] = [];
  const { commit } = listing;
  const isThere = async ({ path, byteLength }: RepoFile) =>
    await cache.snapshotSize(commit, path) === byteLength;
  for (const { subfolder, texts, weights } of chooseFiles(repo, listing, choice)) {
    missing.push(...await filterAbsent(texts, isThere));
    const absent = await filterAbsent(weights, isThere);
    if (absent.length === 0) continue;
    if (choice.file !== undefined) {
      missing.push(...absent);
      continue;
    }
    const others = await weightsThere(cache, commit, { subfolder, choice });
    const files = listing.files.filter(({ path }) => others.includes(path));
    const isEnough = files.length > 0 && (await filterAbsent(files, isThere)).length === 0;
    if (!isEnough) missing.push(...absent);
  }
  return missing;
}

async function filterAbsent(
  files: readonly RepoFile[],
  isThere: (file: RepoFile) => Promise<boolean>,
): Promise<RepoFile[]> {
  const there = await Promise.all(files.map(isThere));
  return files.filter((_, i) => !there[i]);
}

/** Returns the files of a network's weights in a commit's folder; none if they are not complete. */
async function weightsThere(
  cache: RepoCache,
  commit: string,
  { subfolder, choice }: { subfolder: string; choice: FileChoice },
): Promise<readonly string[]> {
  const folder = openModelFolder(cache.snapshotFolder(commit));
  try {
    const { files } = await findWeightFiles(folder, subfolder, choice.prefer ?? "float16");
    const there = await Promise.all(files.map((file) => folder.has(file)));
    return there.every((isThere) => isThere) ? files : [];
  } catch (error) {
    // No weights, only a pickle, or an invalid index.
    if (error instanceof RangeError || error instanceof SyntaxError) return [];
    throw error;
  }
}

/**
 * Lists the needed files of a commit that are not in the cache, for a commit without a listing: the
 * Python library does not always keep one. The index of the model lists its parts.
 */
export async function missingOfFolder(
  cache: RepoCache,
  commit: string,
  choice: FileChoice,
): Promise<readonly MissingFile[]> {
  const folder = openModelFolder(cache.snapshotFolder(commit));
  if (choice.file !== undefined) {
    if (await folder.has(choice.file)) return [];
    const names = choice.orOnlyWeights ? await folder.list?.() ?? [] : [];
    const weights = names.filter((name) => name.endsWith(".safetensors"));
    return weights.length === 1 ? [] : [{ path: choice.file }];
  }
  if (!await folder.has("model_index.json")) {
    if (!await folder.has("config.json")) return [{ path: "model_index.json" }];
    return await missingOfNetwork(cache, commit, { subfolder: "", choice });
  }
  const parts = await partsOf(folder);
  if (!parts) return [{ path: "model_index.json" }];
  const missing: MissingFile[] = [];
  for (const subfolder of parts) {
    if (!isWanted(subfolder, choice)) continue;
    missing.push(
      ...hasNetwork(subfolder)
        ? await missingOfNetwork(cache, commit, { subfolder, choice })
        : await missingOfTexts(folder, subfolder),
    );
  }
  return missing;
}

/** Returns the folders in a pipeline's index that have a library and a class. */
async function partsOf(folder: ModelFolder): Promise<readonly string[] | undefined> {
  let index: unknown;
  try {
    index = JSON.parse(await folder.text("model_index.json"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return Object.entries(index ?? {})
    .filter(([, value]) => Array.isArray(value) && value.every((name) => name !== null))
    .map(([subfolder]) => subfolder);
}

async function missingOfNetwork(
  cache: RepoCache,
  commit: string,
  { subfolder, choice }: { subfolder: string; choice: FileChoice },
): Promise<readonly MissingFile[]> {
  const at = (name: string) => subfolderPath(subfolder, name);
  const missing: MissingFile[] = [];
  if (await cache.snapshotSize(commit, at("config.json")) === undefined) {
    missing.push({ path: at("config.json") });
  }
  if ((await weightsThere(cache, commit, { subfolder, choice })).length > 0) return missing;
  const isText = subfolder.startsWith("text_encoder") || subfolder === "clip";
  const stem = isText ? "model" : "diffusion_pytorch_model";
  const plain = at(`${stem}.safetensors`);
  const half = at(`${stem}.fp16.safetensors`);
  const isHalf = choice.prefer !== "float32" && !await cache.isKnownAbsent(commit, half);
  return [...missing, { path: isHalf ? half : plain }];
}

async function missingOfTexts(
  folder: ModelFolder,
  subfolder: string,
): Promise<readonly MissingFile[]> {
  const choices = subfolder.startsWith("tokenizer")
    ? VOCABULARY_FILES
    : [["scheduler_config.json"]];
  const missing = await Promise.all(choices.map(async (names) => {
    const paths = names.map((name) => `${subfolder}/${name}`);
    const there = await Promise.all(paths.map((path) => folder.has(path)));
    return paths.filter((_, i) => !there[i]).map((path) => ({ path }));
  }));
  return missing.some(({ length }) => length === 0) ? [] : missing[0]!;
}
