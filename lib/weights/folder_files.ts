/** Files of a CLIP vocabulary: two, or the one that newer programs write. */
export const VOCABULARY_FILES: readonly (readonly string[])[] = [
  ["vocab.json", "merges.txt"],
  ["tokenizer.json"],
];

/** Maximum number of names in a message. */
const MAX_SHOWN = 5;

/**
 * Says that a folder or repository has several files, and how one is named.
 *
 * @param location The folder or repository as it is typed.
 */
export function severalFiles(location: string, names: readonly string[]): string {
  const shown = names.slice(0, MAX_SHOWN).map((name) => `"${name}"`).join(", ");
  const rest = names.length > MAX_SHOWN ? ` and ${names.length - MAX_SHOWN} more` : "";
  return `it has ${names.length} files, ${shown}${rest}; name one of them, such as ` +
    `"${location}:${names[0]}"`;
}

/**
 * Returns the path of a file of a network in a model folder.
 *
 * @param subfolder Folder of the network inside the model folder; "" for the model folder itself.
 */
export function subfolderPath(subfolder: string, name: string): string {
  return subfolder === "" ? name : `${subfolder}/${name}`;
}
