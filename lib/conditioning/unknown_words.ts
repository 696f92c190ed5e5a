import { closestNames } from "../text/did_you_mean.ts";
import { splitWords, type Vocabulary, VOCABULARY_FILE } from "./vocabulary.ts";

/** A word of a prompt that is not in the vocabulary of a teacher. */
export interface UnknownWord {
  /** The word, in lower case. */
  readonly word: string;
  /** At most three similar words of the vocabulary, the most similar first. */
  readonly nearest: readonly string[];
}

/** Shorter words, such as "on", are similar to almost every word, so they are not suggested. */
const MIN_LETTERS = 3;

/** Unrelated words share shorter runs of letters. */
const MIN_RUN = 4;

/** Finds the words and numbers of a prompt that are outside a vocabulary. */
export function findUnknownWords({ words: known }: Vocabulary, prompt: string): UnknownWord[] {
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
    const hint = known === ""
      ? `; see its ${VOCABULARY_FILE} for all words`
      : `; nearest known: ${known}`;
    return `"${word}" is not in the vocabulary of "${teacher}"${hint}`;
  });
}
