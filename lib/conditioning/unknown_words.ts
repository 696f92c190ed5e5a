import { closestNames } from "../palette/closest_names.ts";
import type { ModelFolder } from "../weights/folder.ts";

/** A word of a prompt that a teacher has never seen. */
export interface UnknownWord {
  /** The word, in lower case. */
  readonly word: string;
  /** At most three words that are known, nearest first; none if nothing is near. */
  readonly nearest: readonly string[];
}

/** File of a teacher that lists the words it was trained with. */
const FILE = "vocabulary.json";

/** Shorter words, such as "on", are near to almost anything, so they are not proposed. */
const LEAST_LETTERS = 3;

/** Lists of words, all of them known. */
const LISTS = ["names", "backgrounds", "colours", "grammar"] as const;

/**
 * Finds the words of a prompt that are outside the vocabulary of a teacher.
 *
 * @returns None if the folder has no `vocabulary.json`, as that of a large teacher.
 * @throws {SyntaxError} If the file is not valid.
 */
export async function findUnknownWords(
  folder: ModelFolder,
  prompt: string,
): Promise<UnknownWord[]> {
  if (!await folder.has(FILE)) return [];
  const known = await readVocabulary(folder);
  const names = [...known].filter((word) => word.length >= LEAST_LETTERS);
  return [...new Set(splitWords(prompt))]
    .filter((word) => !known.has(word))
    .map((word) => ({ word, nearest: closestNames(word, names) }));
}

/**
 * Says that words are unknown, one sentence for each.
 *
 * @param teacher Name of the teacher, such as "mini".
 */
export function describeUnknownWords(words: readonly UnknownWord[], teacher: string): string[] {
  return words.map(({ word, nearest }) => {
    const known = nearest.map((name) => `"${name}"`).join(", ");
    const hint = known === "" ? "" : `; nearest known: ${known}`;
    return `"${word}" is not in the vocabulary of "${teacher}"${hint}`;
  });
}

async function readVocabulary(folder: ModelFolder): Promise<Set<string>> {
  const location = `${folder.location.replace(/\/$/, "")}/${FILE}`;
  const text = await folder.text(FILE);
  let lists: Readonly<Record<string, unknown>>;
  try {
    lists = JSON.parse(text) ?? {};
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${location}": it is not JSON`, { cause });
  }
  const words = LISTS.flatMap((key) => {
    const list = lists[key];
    if (Array.isArray(list) && list.every((item) => typeof item === "string")) return list;
    throw new SyntaxError(`Cannot read "${location}": expected a list of texts "${key}"`);
  });
  return new Set(words.flatMap(splitWords));
}

/** Runs of letters, as CLIP's tokenizer finds them, without digits, signs and endings as "'s". */
function splitWords(text: string): string[] {
  const plain = text.normalize("NFC").toLowerCase().replace(/['’](s|t|re|ve|m|ll|d)\b/g, " ");
  return plain.match(/\p{L}+/gu) ?? [];
}
