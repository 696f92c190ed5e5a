import { closestNames } from "../text/did_you_mean.ts";
import type { ModelFolder } from "../weights/model_folder.ts";

/** A word of a prompt that is not in the vocabulary of a teacher. */
export interface UnknownWord {
  /** The word, in lower case. */
  readonly word: string;
  /** At most three similar words of the vocabulary, the most similar first. */
  readonly nearest: readonly string[];
}

/** File of a teacher with the words of its training prompts. */
const FILE = "vocabulary.json";

/** Shorter words, such as "on", are similar to almost every word, so they are not suggested. */
const MIN_LETTERS = 3;

/** Unrelated words share shorter runs of letters. */
const MIN_RUN = 4;

/** Keys of the lists of known words in the vocabulary file, as the file spells them. */
// deno-lint-ignore style/plain-language
const LISTS = ["names", "backgrounds", "colours", "grammar"] as const;

/**
 * Finds the words of a prompt that are outside the vocabulary of a teacher.
 *
 * @returns The unknown words; none if the folder has no `vocabulary.json`.
 * @throws {SyntaxError} If the file is not valid.
 */
export async function findUnknownWords(
  folder: ModelFolder,
  prompt: string,
): Promise<UnknownWord[]> {
  if (!await folder.has(FILE)) return [];
  const known = await readVocabulary(folder);
  const names = [...known].filter((word) => word.length >= MIN_LETTERS);
  return [...new Set(splitWords(prompt))]
    .filter((word) => !known.has(word))
    .map((word) => ({ word, nearest: nearestWords(word, names) }));
}

/** Returns words of similar spelling; if there are none, words that share a run of letters. */
function nearestWords(word: string, names: readonly string[]): readonly string[] {
  const alike = closestNames(word, names);
  if (alike.length > 0) return alike;
  const shared = names.map((name) => ({ name, run: longestRun(word, name) }));
  const longest = Math.max(0, ...shared.map(({ run }) => run));
  if (longest < MIN_RUN) return [];
  return shared.filter(({ run }) => run === longest).slice(0, 3).map(({ name }) => name);
}

/** Returns the length of the longest common substring. */
function longestRun(a: string, b: string): number {
  for (let length = Math.min(a.length, b.length); length > 0; length--) {
    for (let i = 0; i + length <= a.length; i++) {
      if (b.includes(a.slice(i, i + length))) return length;
    }
  }
  return 0;
}

/**
 * Describes unknown words, one sentence per word.
 *
 * @param teacher Name of the teacher, such as "mini".
 */
export function describeUnknownWords(words: readonly UnknownWord[], teacher: string): string[] {
  return words.map(({ word, nearest }) => {
    const known = nearest.map((name) => `"${name}"`).join(", ");
    const hint = known === "" ? `; see its ${FILE} for all words` : `; nearest known: ${known}`;
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
    throw new SyntaxError(`Cannot read "${location}": expected a list of strings "${key}"`);
  });
  return new Set(words.flatMap(splitWords));
}

/** Splits into runs of letters as CLIP's tokenizer does, without endings such as "'s". */
function splitWords(text: string): string[] {
  const plain = text.normalize("NFC").toLowerCase().replace(/['’](s|t|re|ve|m|ll|d)\b/g, " ");
  return plain.match(/\p{L}+/gu) ?? [];
}
