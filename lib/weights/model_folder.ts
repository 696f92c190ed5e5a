import type { ByteSource } from "./byte_source.ts";

/** Files of a model, read from the disk, from a server or from memory. */
export interface ModelFolder {
  /** Path or address, for error messages. */
  readonly location: string;
  /**
   * Tells whether a file exists.
   *
   * @throws {ModelFolderError} If that cannot be determined.
   */
  has(path: string): Promise<boolean>;
  /**
   * Reads a file as UTF-8 text.
   *
   * @throws {ModelFolderError} If it cannot be read.
   */
  text(path: string): Promise<string>;
  /**
   * Opens a file. The caller closes the source.
   *
   * @throws {ModelFolderError} If it cannot be read.
   */
  source(path: string): Promise<ByteSource>;
  /**
   * Lists the names of the files in the folder, without those of subfolders, in order.
   *
   * A folder on a server cannot be listed: it has no such method.
   *
   * @throws {ModelFolderError} If it cannot be read.
   */
  list?(): Promise<readonly string[]>;
}

/** Maximum size of a text, in bytes. The largest tokenizer files have 20 MB. */
export const MAX_TEXT_BYTES: number = 2 ** 26;

/** A file of a model folder cannot be read. */
export class ModelFolderError extends Error {
  /** Name of the class. */
  override readonly name = "ModelFolderError";
  /** Path or address of the file. */
  readonly location: string;
  /** HTTP status; undefined if no server answered. */
  readonly status: number | undefined;

  /** Describes the failure; `detail` has no final period. */
  constructor(location: string, detail: string, options?: ErrorOptions & { status?: number }) {
    super(`Cannot read "${location}": ${detail}`, options);
    this.location = location;
    this.status = options?.status;
  }
}
