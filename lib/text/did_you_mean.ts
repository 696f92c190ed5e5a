/**
 * Suggests the word that a mistyped one probably stands for.
 *
 * @returns Such as `; did you mean "tau"?`, to append to a message; "" if no word is near.
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

/**
 * Finds the names that a mistyped one probably stands for, nearest first.
 *
 * Unlike {@linkcode didYouMean}, it ignores separators, and a name that contains the typed text is
 * near however long it is.
 *
 * @returns At most three names; none if no name is near.
 */
export function closestNames(typed: string, names: readonly string[]): string[] {
  const plain = simplify(typed);
  const limit = Math.max(1, Math.floor(plain.length / 3));
  return names
    .map((name) => ({ name, distance: nameDistance(plain, simplify(name)) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Lowers the case and drops blanks, "_" and "-": "Sweetie 16" becomes "sweetie16". */
export function simplify(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]+/g, "");
}

function nameDistance(typed: string, name: string): number {
  if (typed.length >= 3 && (name.includes(typed) || typed.includes(name))) return 1;
  return editDistance(typed, name);
}

/**
 * Counts insertions, deletions, replacements and swaps of adjacent letters between two words: the
 * optimal string alignment distance.
 */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isEqual = a[i - 1] === b[j - 1];
      let best = Math.min(last[j - 1]! + (isEqual ? 0 : 1), last[j]! + 1, row[j - 1]! + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) best = Math.min(best, beforeLast[j - 2]! + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
