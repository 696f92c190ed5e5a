/** A part of a prompt, and how strongly it counts. */
export interface WeightedText {
  /** The text, without brackets and numbers of weights. */
  readonly text: string;
  /** Its weight; 1 for plain text. */
  readonly weight: number;
}

/** Returns a text as a prompt without weights. */
export function plainParts(text: string): readonly WeightedText[] {
  return [{ text, weight: 1 }];
}

/** Tells whether a prompt has a weight. */
export function hasWeights(parts: readonly WeightedText[]): boolean {
  return parts.some(({ weight }) => weight !== 1);
}
