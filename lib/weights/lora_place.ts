import { basename, dirname } from "node:path";
import { type ModelFolder, openModelFolder } from "./folder.ts";
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
  return (paths ?? "").split(",").map((path) => path.trim()).filter((path) => path !== "");
}

/**
 * Tells where a LoRA is; nothing is read.
 *
 * @param location Path or address of a file that ends with ".safetensors", or of a folder with one
 * that is called {@linkcode LORA_FILE}.
 * @param open Opens a folder. Default: a path or address.
 */
export async function findLora(
  location: string,
  scale: number,
  open: (folder: string) => ModelFolder | Promise<ModelFolder> = openModelFolder,
): Promise<LoraPlace> {
  if (!location.endsWith(".safetensors")) {
    return { folder: await open(location), path: LORA_FILE, scale };
  }
  const url = /^[a-z][a-z+.-]+:/i.test(location) ? new URL(location) : undefined;
  const folder = openModelFolder(url ? new URL(".", url) : dirname(location));
  return { folder, path: url ? url.pathname.split("/").at(-1)! : basename(location), scale };
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
