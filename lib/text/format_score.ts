/**
 * Writes a score with its sign: at 0 the prompt does not help the teacher, below 0 it misleads it.
 */
export function formatScore(score: number): string {
  return `${score < 0 ? "-" : "+"}${Math.abs(score).toPrecision(3)}`;
}
