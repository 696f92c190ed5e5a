import type { ModelFolder } from "../../../lib/weights/model_folder.ts";

/** Returns a folder in which one JSON file is changed. */
export function editedFolder(
  folder: ModelFolder,
  path: string,
  edit: (config: Record<string, unknown>) => Record<string, unknown>,
): ModelFolder {
  return {
    location: folder.location,
    has: (name) => folder.has(name),
    source: (name) => folder.source(name),
    async text(name) {
      const text = await folder.text(name);
      return name === path ? JSON.stringify(edit(JSON.parse(text))) : text;
    },
  };
}
