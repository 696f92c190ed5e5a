import type { ByteSource } from "../weights/byte_source.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { VOCABULARY_FILES } from "../weights/folder_files.ts";
import { hasPermitted } from "./has_permitted.ts";

/** The file with the options of a tokenizer. */
const OPTIONS = "tokenizer_config.json";

/** Tokens for padding by the names of tokenizers, such as { tokenizer: "<|endoftext|>" }. */
export type Paddings = Readonly<Record<string, string>>;

/**
 * The tokenizers of a teacher, from a folder that has them all, only one, or the files of one.
 * Their vocabulary is the same, CLIP's.
 *
 * A tokenizer that the folder lacks has the vocabulary of another one and its own padding.
 */
export class TokenizerFolder implements ModelFolder {
  /** Path or address of the folder. */
  readonly location: string;
  readonly #folder: ModelFolder;
  /** Where the files of each tokenizer are: a subfolder, or "" for the folder itself. */
  readonly #folders: ReadonlyMap<string, string>;
  readonly #paddings: Paddings;
  readonly #isForeign: boolean;

  private constructor(
    folder: ModelFolder,
    folders: ReadonlyMap<string, string>,
    { paddings, isForeign }: { readonly paddings: Paddings; readonly isForeign: boolean },
  ) {
    this.location = folder.location;
    this.#folder = folder;
    this.#folders = folders;
    this.#paddings = paddings;
    this.#isForeign = isForeign;
  }

  /**
   * Looks for the named tokenizers in a folder; undefined if it has none.
   *
   * @param options.isForeign Whether the folder may be of another family, so that only its
   * vocabulary is used. Default: false.
   */
  static async find(
    folder: ModelFolder,
    paddings: Paddings,
    { isForeign = false }: { readonly isForeign?: boolean } = {},
  ): Promise<TokenizerFolder | undefined> {
    const folders = new Map<string, string>();
    const names = Object.keys(paddings);
    for (const name of names) {
      for (const subfolder of [`${name}/`, "tokenizer/", ""]) {
        if (!await hasVocabulary(folder, subfolder)) continue;
        folders.set(name, subfolder);
        break;
      }
    }
    if (folders.size < names.length) return undefined;
    return new TokenizerFolder(folder, folders, { paddings, isForeign });
  }

  /** Tells whether a file of a tokenizer exists. */
  async has(path: string): Promise<boolean> {
    const { subfolder, file, isOwn } = this.#find(path);
    if (file === OPTIONS) return true;
    // The other tokenizer's special tokens are not those of this one.
    if (!isOwn && file === "special_tokens_map.json") return false;
    return await this.#folder.has(subfolder + file);
  }

  /** Reads a file of a tokenizer. */
  async text(path: string): Promise<string> {
    const { name, subfolder, file, isOwn } = this.#find(path);
    const isMade = file === OPTIONS &&
      !(isOwn && await hasPermitted(this.#folder, subfolder + file));
    if (!isMade) return await this.#folder.text(subfolder + file);
    return JSON.stringify({
      tokenizer_class: "CLIPTokenizer",
      do_lower_case: true,
      model_max_length: 77,
      bos_token: "<|startoftext|>",
      eos_token: "<|endoftext|>",
      pad_token: this.#paddings[name],
    });
  }

  /** Opens a file of a tokenizer. */
  async source(path: string): Promise<ByteSource> {
    const { subfolder, file } = this.#find(path);
    return await this.#folder.source(subfolder + file);
  }

  #find(path: string) {
    const [name = "", file = ""] = path.split("/");
    const subfolder = this.#folders.get(name) ?? `${name}/`;
    return { name, file, subfolder, isOwn: !this.#isForeign && subfolder === `${name}/` };
  }
}

async function hasVocabulary(folder: ModelFolder, subfolder: string): Promise<boolean> {
  for (const files of VOCABULARY_FILES) {
    const found = await Promise.all(files.map((file) => hasPermitted(folder, subfolder + file)));
    if (found.every((isThere) => isThere)) return true;
  }
  return false;
}
