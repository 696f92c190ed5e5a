/**
 * Writes a score with its sign: a negative one is worse than 0, the score of predicting no noise.
 */
export function formatScore(score: number): string {
  return `${score < 0 ? "-" : "+"}${Math.abs(score).toPrecision(3)}`;
}
