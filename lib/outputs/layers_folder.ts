import { dirname, join } from "node:path";

/** Returns the folder in which the layers of a run's folder or checkpoint go, if none is named. */
export function layersFolder(source: string): string {
  return join(/\.(safetensors|pth|pt)$/i.test(source) ? dirname(source) : source, "layers");
}
