import { splitList } from "../text/split_list.ts";
import { basename, dirname } from "node:path";
import { type ModelFolder, openModelFolder } from "../weights/model_folder.ts";
import { LoraFile } from "./lora_file.ts";
import type { ScaledLora } from "./lora_merge.ts";

/** Where a LoRA lies and how strongly it acts; it is opened where it is merged. */
export interface LoraPlace {
  /** Folder that is read. */
  readonly folder: ModelFolder;
  /** File in it. */
  readonly path: string;
  /** Factor of what it adds; 1 is as it was trained. */
  readonly scale: number;
}

/** LoRAs that are open; they are closed with this. */
export interface OpenLoras extends Disposable {
  /** The LoRAs. */
  readonly loras: readonly ScaledLora[];
}

/** Name that diffusers gives to the file of a LoRA in a folder. */
export const LORA_FILE = "pytorch_lora_weights.safetensors";

/** Splits a list of LoRAs: paths, addresses or ids with commas between. */
export function splitLoraPaths(paths: string | null): string[] {
  return splitList(paths ?? "");
}

/** A folder or repository and a file in it: "owner/name:file.safetensors". */
const FILE_IN_FOLDER = /^([^:]*[\\/][^:]*):(?!\/\/)(.+\.safetensors)$/;

/** Returns the folder of a LoRA, which may be a repository of the Hub, and the file in it. */
export function parseLoraLocation(location: string): { folder: string; path: string } {
  const [, folder, path] = FILE_IN_FOLDER.exec(location) ?? [];
  if (folder !== undefined && path !== undefined) return { folder, path };
  if (!location.endsWith(".safetensors")) return { folder: location, path: LORA_FILE };
  if (/^[a-z][a-z+.-]+:/i.test(location)) {
    const url = new URL(location);
    return { folder: new URL(".", url).href, path: url.pathname.split("/").at(-1)! };
  }
  const parent = dirname(location);
  // With a dot, so that "loras/a.safetensors" is no repository "loras".
  const isPlain = !/^([.~]|[\\/]|[a-z]:)/i.test(parent);
  return { folder: isPlain ? `./${parent}` : parent, path: basename(location) };
}

/**
 * Tells where a LoRA is; none of its files is read.
 *
 * @param location Path or address of a file that ends with ".safetensors", or of a folder with one
 * that is called {@linkcode LORA_FILE}, or with another that is named behind a colon:
 * "owner/name:file.safetensors".
 * @param open Opens a folder for a file in it. Default: a path or address.
 */
export async function findLora(
  location: string,
  scale: number,
  open: (folder: string, file: string) => ModelFolder | Promise<ModelFolder> = (folder) =>
    openModelFolder(folder),
): Promise<LoraPlace> {
  const { folder, path } = parseLoraLocation(location);
  return { folder: await open(folder, path), path, scale };
}

/**
 * Opens LoRAs.
 *
 * @throws {LoraError} If a file holds keys that are not known.
 * @throws {ModelFolderError} If a file cannot be read.
 */
export async function openLoras(places: readonly LoraPlace[]): Promise<OpenLoras> {
  using cleanup = new DisposableStack();
  const loras: ScaledLora[] = [];
  for (const { folder, path, scale } of places) {
    loras.push({ lora: cleanup.use(LoraFile.fromSource(await folder.source(path))), scale });
  }
  const owned = cleanup.move();
  return { loras, [Symbol.dispose]: () => owned.dispose() };
}
