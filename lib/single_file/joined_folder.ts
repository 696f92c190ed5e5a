import type { ByteSource } from "../weights/byte_source.ts";
import type { ModelFolder } from "../weights/model_folder.ts";

/** A model folder of which some subfolders are elsewhere. */
export class JoinedFolder implements ModelFolder {
  /** Path or address of the main folder. */
  readonly location: string;
  readonly #main: ModelFolder;
  readonly #parts: ReadonlyMap<string, ModelFolder>;

  /**
   * Joins folders.
   *
   * @param main Folder of all files but those of `parts`.
   * @param parts Folders by the subfolders that they hold, such as "tokenizer".
   */
  constructor(main: ModelFolder, parts: ReadonlyMap<string, ModelFolder>) {
    this.location = main.location;
    this.#main = main;
    this.#parts = parts;
  }

  /** Tells whether a file exists. */
  async has(path: string): Promise<boolean> {
    return await this.#folderOf(path).has(path);
  }

  /** Reads a file as UTF-8 text. */
  async text(path: string): Promise<string> {
    return await this.#folderOf(path).text(path);
  }

  /** Opens a file. */
  async source(path: string): Promise<ByteSource> {
    return await this.#folderOf(path).source(path);
  }

  #folderOf(path: string): ModelFolder {
    return this.#parts.get(path.split("/")[0]!) ?? this.#main;
  }
}

/** A subfolder of a model folder as a folder. */
export class Subfolder implements ModelFolder {
  /** Path or address of the folder around it. */
  readonly location: string;
  readonly #folder: ModelFolder;
  readonly #name: string;

  /** Takes the subfolder `name`. */
  constructor(folder: ModelFolder, name: string) {
    this.location = folder.location;
    this.#folder = folder;
    this.#name = name;
  }

  /** Tells whether a file exists. */
  async has(path: string): Promise<boolean> {
    return await this.#folder.has(`${this.#name}/${path}`);
  }

  /** Reads a file as UTF-8 text. */
  async text(path: string): Promise<string> {
    return await this.#folder.text(`${this.#name}/${path}`);
  }

  /** Opens a file. */
  async source(path: string): Promise<ByteSource> {
    return await this.#folder.source(`${this.#name}/${path}`);
  }
}
