/** Files of a CLIP vocabulary: two, or the one that newer programs write. */
export const VOCABULARY_FILES: readonly (readonly string[])[] = [
  ["vocab.json", "merges.txt"],
  ["tokenizer.json"],
];
