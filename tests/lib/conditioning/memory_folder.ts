import { memorySource } from "../../../lib/weights/byte_source.ts";
import type { ModelFolder } from "../../../lib/weights/model_folder.ts";

/** A folder in memory on top of another folder, of which some files are hidden. */
export function memoryFolder(
  files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>,
  base?: ModelFolder,
  without: readonly string[] = [],
): ModelFolder {
  const below = async (path: string) => base && !without.includes(path) && await base.has(path);
  return {
    location: base?.location ?? "memory",
    has: async (path) => path in files || await below(path) === true,
    async text(path) {
      const file = files[path] ?? await base!.text(path);
      return typeof file === "string" ? file : new TextDecoder().decode(file);
    },
    async source(path) {
      const file = files[path];
      if (file === undefined) return await base!.source(path);
      return memorySource(typeof file === "string" ? new TextEncoder().encode(file) : file, path);
    },
  };
}
