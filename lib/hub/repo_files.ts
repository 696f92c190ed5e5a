import type { FloatType } from "../weights/float16.ts";
import { isPickle, isShardOrIndex, weightNames } from "../weights/weight_names.ts";
import { HubError } from "./hub_error.ts";
import type { RepoFile, RepoListing } from "./repo_listing.ts";
import { severalFiles } from "../weights/folder_files.ts";
import { SAFETENSORS_REVISIONS } from "./model_ids.ts";

/** The needed files of one network, tokenizer or scheduler. */
export interface FilePart {
  /** Folder in the repository; "" for the repository itself. */
  readonly subfolder: string;
  /** Configs and tokenizer files. */
  readonly texts: readonly RepoFile[];
  /** Weights, with the index of shards. */
  readonly weights: readonly RepoFile[];
}

/** Selects the needed files of a repository. */
export interface FileChoice {
  /**
   * Needed folders. Folders that the repository lacks are skipped.
   * Default: those of a teacher, and ControlNets.
   */
  readonly subfolders?: readonly string[];
  /** Precision that is taken if the repository has both. Default: "float16". */
  readonly prefer?: FloatType;
  /** The only needed file, such as that of a LoRA. Default: whole networks. */
  readonly file?: string;
  /**
   * Whether the only .safetensors file at the top of the repository is taken if there is no `file`.
   * Default: false.
   */
  readonly orOnlyWeights?: boolean;
}

/** Folders of a teacher in diffusers layout. Variants such as `vae_1_0` are not used. */
const TEACHER_FOLDERS: readonly string[] = [
  "scheduler",
  "text_encoder",
  "text_encoder_2",
  "tokenizer",
  "tokenizer_2",
  "unet",
  "vae",
];

/** Folder of a CLIP that ranks a teacher's samples. Others use this name for other files. */
const CLIP_FOLDER = "clip";

const TEXTS = new Set([
  "added_tokens.json",
  "config.json",
  "merges.txt",
  "preprocessor_config.json",
  "scheduler_config.json",
  "special_tokens_map.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "vocab.json",
  "vocab.txt",
]);

/** Tells whether a folder of a repository is needed. */
export function isWanted(subfolder: string, { subfolders }: FileChoice): boolean {
  if (subfolders) return subfolders.includes(subfolder);
  return subfolder === CLIP_FOLDER || TEACHER_FOLDERS.includes(subfolder) ||
    /^controlnet(_\w+)?$/.test(subfolder);
}

/** Tells whether a folder holds a network, by its name. */
export function hasNetwork(subfolder: string): boolean {
  return !/^(scheduler|tokenizer|feature_extractor)/.test(subfolder);
}

/**
 * Chooses the needed files of a repository: configs, tokenizers, and the weights of each network in
 * one precision, as safetensors.
 *
 * Pickles, formats of other programs and pipelines in a single file are not chosen.
 *
 * @throws {HubError} If there is no network, or one has its weights only as a pickle.
 */
export function chooseFiles(
  repo: string,
  listing: RepoListing,
  choice: FileChoice = {},
): readonly FilePart[] {
  if (choice.file !== undefined) {
    return [chooseFile(repo, listing, { name: choice.file, ...choice })];
  }
  const byFolder = Map.groupBy(listing.files, ({ path }) => folderOf(path));
  const root = byFolder.get("") ?? [];
  const index = root.find(({ path }) => path === "model_index.json");
  // Without an index, the repository is one network, such as an autoencoder.
  if (!index) return [choosePart(repo, "", { files: root, choice })];
  if (!choice.subfolders) requireUnet(repo, byFolder);
  const parts = [...byFolder]
    .filter(([subfolder]) => subfolder !== "" && isWanted(subfolder, choice))
    .filter(([subfolder, files]) => subfolder !== CLIP_FOLDER || isNetwork(files))
    .map(([subfolder, files]) => choosePart(repo, subfolder, { files, choice }));
  return [{ subfolder: "", texts: [index], weights: [] }, ...parts];
}

/** Networks that other pipelines have instead of a UNet. */
const OTHER_NETWORKS: readonly (readonly [subfolder: string, name: string])[] = [
  ["transformer", "a diffusion transformer, such as Flux or Stable Diffusion 3"],
  ["prior", "a pipeline with a prior, such as Kandinsky or Stable Cascade"],
  ["decoder", "a pipeline with a prior, such as Stable Cascade"],
];

/** Refuses a pipeline without a UNet, before anything is downloaded. */
function requireUnet(repo: string, byFolder: ReadonlyMap<string, readonly RepoFile[]>): void {
  if (byFolder.has("unet")) return;
  const other = OTHER_NETWORKS.find(([subfolder]) => byFolder.has(subfolder));
  if (!other) return;
  throw new HubError(
    `Cannot use ${repo} as a teacher: expected the folder "unet" in it, ` +
      `got "${other[0]}": it is ${other[1]}`,
  );
}

function chooseFile(
  repo: string,
  listing: RepoListing,
  { name, orOnlyWeights = false }: { readonly name: string } & FileChoice,
): FilePart {
  const file = listing.files.find(({ path }) => path === name);
  if (file) return { subfolder: folderOf(name), texts: [], weights: [file] };
  const weights = listing.files.filter(({ path }) => /^[^/]+\.safetensors$/.test(path));
  if (orOnlyWeights && weights.length === 1) return { subfolder: "", texts: [], weights };
  if (orOnlyWeights && weights.length > 1) {
    throw new HubError(
      `Cannot use ${repo}: ${severalFiles(repo, weights.map(({ path }) => path))}`,
    );
  }
  const others = listing.files.map(({ path }) => path).filter((path) =>
    path.endsWith(".safetensors")
  );
  const found = others.length > 0 ? others.slice(0, 3).join(", ") : "no safetensors";
  throw new HubError(`Cannot use ${repo}: expected the file "${name}", got ${found}`);
}

/** Tells whether a folder has a config and weights. */
function isNetwork(files: readonly RepoFile[]): boolean {
  return files.some(({ path }) => nameOf(path) === "config.json") &&
    chooseWeights(files, "float16").length > 0;
}

function choosePart(
  repo: string,
  subfolder: string,
  { files, choice }: { files: readonly RepoFile[]; choice: FileChoice },
): FilePart {
  const texts = files.filter(({ path }) => TEXTS.has(nameOf(path)));
  if (!hasNetwork(subfolder)) return { subfolder, texts, weights: [] };
  const location = subfolder === "" ? repo : `"${subfolder}" of ${repo}`;
  const weights = chooseWeights(files, choice.prefer ?? "float16");
  if (weights.length === 0) throw describeNoWeights(repo, location, files);
  if (!texts.some(({ path }) => nameOf(path) === "config.json")) {
    throw new HubError(
      `Cannot use ${location}: expected diffusers layout with model_index.json or config.json, ` +
        `got neither${fileHint(repo, files)}`,
    );
  }
  return { subfolder, texts, weights };
}

/** Returns the most wanted weights: a single file, or shards with their index. */
function chooseWeights(files: readonly RepoFile[], prefer: FloatType): readonly RepoFile[] {
  for (const names of weightNames(prefer)) {
    const single = files.filter(({ path }) => nameOf(path) === names.file);
    if (single.length > 0) return single;
    const shards = files.filter(({ path }) => isShardOrIndex(nameOf(path), names));
    if (shards.some(({ path }) => path.endsWith(".json"))) return shards;
  }
  return [];
}

function describeNoWeights(repo: string, location: string, files: readonly RepoFile[]): HubError {
  const pickle = files.map(({ path }) => nameOf(path)).find(isPickle);
  if (pickle === undefined) {
    return new HubError(
      `Cannot use ${location}: expected weights in diffusion_pytorch_model.safetensors or ` +
        `model.safetensors in diffusers layout, got none${fileHint(repo, files)}`,
    );
  }
  return new HubError(
    `Cannot use ${location}: expected weights as safetensors, got only the pickle "${pickle}", ` +
      `which can run code when it is opened; use ${describeRevision(repo)}, or convert it in ` +
      `Python with save_pretrained(folder, safe_serialization=True) and use that folder`,
  );
}

/** Says how a checkpoint in one file is named, if the repository may have one. */
function fileHint(repo: string, files: readonly RepoFile[]): string {
  const file = files.find(({ path }) => /^[^/]+\.safetensors$/.test(path));
  return file ? `; a checkpoint in one file is named as "${repo}:${file.path}"` : "";
}

function describeRevision(repo: string): string {
  const known = Object.hasOwn(SAFETENSORS_REVISIONS, repo)
    ? SAFETENSORS_REVISIONS[repo]
    : undefined;
  if (known !== undefined) return `its revision with safetensors, ${repo}@${known}`;
  return `a revision with safetensors, such as a pull request of the Hub's converter ` +
    `(owner/name@refs/pr/1)`;
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
