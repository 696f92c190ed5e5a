/** Suggestions that are shown at once. */
const MAX_SUGGESTIONS = 6;
/** Shorter beginnings fit too many names. */
const MIN_LETTERS = 2;

/** A completion of a prompt. */
export interface Suggestion {
  /** What the list shows. */
  readonly name: string;
  /** The prompt with it. */
  readonly prompt: string;
}

/**
 * Completes the end of a prompt by names that the teacher knows. Longer ends come first;
 * for each, names that begin with it, the shortest first, then those with a later word that does.
 */
export function suggestNames(prompt: string, names: readonly string[]): Suggestion[] {
  const text = prompt.toLowerCase();
  const starts = [...text.matchAll(/(?<![\p{L}\p{N}])(?=[\p{L}\p{N}])/gu)].map(({ index }) =>
    index
  );
  const found = new Map<string, Suggestion>();
  // Names have few words.
  for (const start of starts.slice(-4)) {
    const typed = text.slice(start);
    if (typed.trim().length < MIN_LETTERS) continue;
    const first = names.filter((name) => name.startsWith(typed) && name !== typed);
    const later = names.filter((name) => name.includes(` ${typed}`));
    for (const name of [...first.sort((a, b) => a.length - b.length), ...later]) {
      if (!found.has(name)) found.set(name, { name, prompt: prompt.slice(0, start) + name });
    }
  }
  return [...found.values()].slice(0, MAX_SUGGESTIONS);
}
