import { fileURLToPath } from "node:url";
import { LocalFolder } from "./local_folder.ts";
import type { ModelFolder } from "./model_folder.ts";
import { WebFolder, type WebFolderOptions } from "./web_folder.ts";

/** Options of {@linkcode openModelFolder}; they apply to addresses only. */
export type ModelFolderOptions = WebFolderOptions;

/**
 * Opens a model folder. Nothing is read yet.
 *
 * @param location A path, a `file:` URL (needs `--allow-read`) or an `http(s):` URL (needs
 * `--allow-net` for its host). Downloads are kept in the Web cache of the running script, which
 * needs no permission.
 * @throws {TypeError} If the URL is not valid, or has another scheme.
 */
export function openModelFolder(
  location: string | URL,
  options: ModelFolderOptions = {},
): ModelFolder {
  if (typeof location === "string" && !/^[a-z][a-z+.-]+:/i.test(location)) {
    return new LocalFolder(location);
  }
  const url = URL.parse(location);
  if (url?.protocol === "file:") return new LocalFolder(fileURLToPath(url));
  if (url?.protocol === "http:" || url?.protocol === "https:") return new WebFolder(url, options);
  throw new TypeError(
    `Cannot open the model folder "${location}": expected a path or a file:, http: or https: URL`,
  );
}
