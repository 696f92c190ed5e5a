import type { ModelFolder } from "../weights/model_folder.ts";

/** What the training prompts of a teacher had. */
export interface Vocabulary {
  /** Words in lower case. */
  readonly words: ReadonlySet<string>;
  /** Signs that are neither letters, digits nor white space. */
  readonly signs: ReadonlySet<string>;
}

/** File of a teacher with the words of its training prompts. */
export const VOCABULARY_FILE = "vocabulary.json";

/** Keys of the lists of known words in the vocabulary file, and their earlier names. */
// deno-lint-ignore style/plain-language
const LISTS = [["names"], ["backgrounds"], ["colors", "colours"], ["grammar"]] as const;

/**
 * Reads the vocabulary of a teacher.
 *
 * @returns undefined if the folder has no `vocabulary.json`.
 * @throws {SyntaxError} If the file is not valid.
 */
export async function readVocabulary(folder: ModelFolder): Promise<Vocabulary | undefined> {
  if (!await folder.has(VOCABULARY_FILE)) return undefined;
  const location = `${folder.location.replace(/\/$/, "")}/${VOCABULARY_FILE}`;
  const text = await folder.text(VOCABULARY_FILE);
  let lists: Readonly<Record<string, unknown>>;
  try {
    lists = JSON.parse(text) ?? {};
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${location}": it is not JSON`, { cause });
  }
  const texts = LISTS.flatMap(([key, earlier]) => {
    const list = lists[key] ?? lists[earlier ?? key];
    if (Array.isArray(list) && list.every((item) => typeof item === "string")) return list;
    throw new SyntaxError(`Cannot read "${location}": expected a list of strings "${key}"`);
  });
  return {
    words: new Set(texts.flatMap(splitWords)),
    signs: new Set(texts.join("").match(/[^\p{L}\p{M}\p{N}\p{White_Space}]/gu) ?? []),
  };
}

/** Splits into words and numbers in lower case, without endings such as "'s". */
export function splitWords(text: string): string[] {
  const plain = text.normalize("NFC").toLowerCase().replace(/['’](s|t|re|ve|m|ll|d)\b/g, " ");
  return plain.match(/\p{N}+(?:[.,]\p{N}+)+|[\p{L}\p{M}\p{N}]+/gu) ?? [];
}
