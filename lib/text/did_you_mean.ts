/**
 * Finds the word that a mistyped one probably stood for.
 *
 * @returns A sentence such as `; did you mean "tau"?`, or "" if nothing is near.
 */
export function didYouMean(typed: string, words: readonly string[]): string {
  const limit = Math.max(2, Math.floor(typed.length / 3));
  const plain = typed.toLowerCase();
  const [nearest] = words
    .map((word) => ({ word, distance: editDistance(plain, word.toLowerCase()) }))
    .filter(({ word, distance }) => distance <= Math.min(limit, word.length - 1))
    .sort((a, b) => a.distance - b.distance);
  return nearest ? `; did you mean "${nearest.word}"?` : "";
}

/** Counts insertions, deletions and replacements between two words (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, last[j]! + 1, row[j - 1]! + 1));
    }
    last = row;
  }
  return last[b.length]!;
}
