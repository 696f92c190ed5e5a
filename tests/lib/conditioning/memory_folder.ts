import { memorySource } from "../../../lib/weights/byte_source.ts";
import type { ModelFolder } from "../../../lib/weights/model_folder.ts";

/** Makes a folder of texts in memory, over another folder, some of whose files are left out. */
export function memoryFolder(
  files: Readonly<Record<string, string>>,
  base?: ModelFolder,
  without: readonly string[] = [],
): ModelFolder {
  const below = async (path: string) => base && !without.includes(path) && await base.has(path);
  return {
    location: base?.location ?? "memory",
    has: async (path) => path in files || await below(path) === true,
    text: async (path) => files[path] ?? await base!.text(path),
    async source(path) {
      const text = files[path];
      if (text === undefined) return await base!.source(path);
      return memorySource(new TextEncoder().encode(text), path);
    },
  };
}
