import { dirname, join } from "node:path";

/**
 * Lists where a config may lie: at its path and, named without a folder, in the folder "config".
 */
export function configPaths(path: string): readonly string[] {
  return /[\\/]/.test(path) ? [path] : [path, join("config", path)];
}

/** Returns the folder of a resumed run, which is named itself or by a checkpoint in it. */
export function resumedFolder(path: string): string {
  return path.endsWith(".safetensors") ? dirname(path) : path;
}

/** Returns the default folder of layers for a run's folder or checkpoint. */
export function layersFolder(source: string): string {
  return join(/\.(safetensors|pth|pt)$/i.test(source) ? dirname(source) : source, "layers");
}
