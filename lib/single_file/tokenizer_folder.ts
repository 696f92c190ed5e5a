import type { ByteSource } from "../weights/byte_source.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { hasPermitted } from "./has_permitted.ts";

/** Padding of SDXL's tokenizers. Their vocabulary is the same. */
const PADDING: Readonly<Record<string, string>> = {
  tokenizer: "<|endoftext|>",
  tokenizer_2: "!",
};

/** The file with the options of a tokenizer. */
const OPTIONS = "tokenizer_config.json";

/**
 * The two tokenizers of SDXL, from a folder that has them both, only one, or the files of one.
 *
 * A missing second tokenizer has the vocabulary of the first and its own padding.
 */
export class TokenizerFolder implements ModelFolder {
  /** Path or address of the folder. */
  readonly location: string;
  readonly #folder: ModelFolder;
  /** Where the files of each tokenizer are: a subfolder, or "" for the folder itself. */
  readonly #places: ReadonlyMap<string, string>;

  private constructor(folder: ModelFolder, places: ReadonlyMap<string, string>) {
    this.location = folder.location;
    this.#folder = folder;
    this.#places = places;
  }

  /** Looks for tokenizers in a folder; undefined if it has none. */
  static async find(folder: ModelFolder): Promise<TokenizerFolder | undefined> {
    const places = new Map<string, string>();
    for (const name of Object.keys(PADDING)) {
      for (const place of [`${name}/`, "tokenizer/", ""]) {
        const has = async (file: string) => await hasPermitted(folder, place + file);
        if (!await has("vocab.json") || !await has("merges.txt")) continue;
        places.set(name, place);
        break;
      }
    }
    return places.size === 2 ? new TokenizerFolder(folder, places) : undefined;
  }

  /** Tells whether a file of a tokenizer exists. */
  async has(path: string): Promise<boolean> {
    const { place, file, isOwn } = this.#find(path);
    if (file === OPTIONS) return true;
    // The other tokenizer's special tokens are not those of this one.
    if (!isOwn && file === "special_tokens_map.json") return false;
    return await this.#folder.has(place + file);
  }

  /** Reads a file of a tokenizer. */
  async text(path: string): Promise<string> {
    const { name, place, file, isOwn } = this.#find(path);
    const isMade = file === OPTIONS && !(isOwn && await hasPermitted(this.#folder, place + file));
    if (!isMade) return await this.#folder.text(place + file);
    return JSON.stringify({
      tokenizer_class: "CLIPTokenizer",
      do_lower_case: true,
      model_max_length: 77,
      bos_token: "<|startoftext|>",
      eos_token: "<|endoftext|>",
      pad_token: PADDING[name],
    });
  }

  /** Opens a file of a tokenizer. */
  async source(path: string): Promise<ByteSource> {
    const { place, file } = this.#find(path);
    return await this.#folder.source(place + file);
  }

  #find(path: string) {
    const [name = "", file = ""] = path.split("/");
    const place = this.#places.get(name) ?? `${name}/`;
    return { name, file, place, isOwn: place === `${name}/` };
  }
}
