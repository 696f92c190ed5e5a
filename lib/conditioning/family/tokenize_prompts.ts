import {
  type ClipTokenizer,
  openClipTokenizer,
  type TokenChunk,
} from "../../models/tokenizers/clip_tokenizer.ts";
import { plainParts, type WeightedText } from "../../models/tokenizers/weighted_text.ts";
import type { CheckpointSource, PromptParts } from "./model_family.ts";

/** The rows of a batch, [negative prompt, prompt] or the prompt alone. */
export type PromptRows = readonly (readonly WeightedText[])[];

/** Returns the rows of prompts. */
export function rowsOf({ prompt, negativePrompt }: PromptParts): PromptRows {
  return negativePrompt === undefined ? [prompt] : [negativePrompt, prompt];
}

/**
 * Encodes rows as tokens; all rows get the same number of chunks. What is missing is filled with
 * chunks of no text.
 *
 * @param chunks Number of chunks of each row, C.
 * @returns R C chunks, row by row.
 */
export function tokenizeRows(
  tokenizer: ClipTokenizer,
  rows: PromptRows,
  chunks: number,
): TokenChunk[] {
  return rows.flatMap((parts) => {
    const found = tokenizer.encodeChunks(parts, chunks);
    const missing = new Array<TokenChunk>(chunks - found.length).fill(emptyChunk(tokenizer));
    return [...found, ...missing];
  });
}

/** Returns the chunk of no text. */
export function emptyChunk(tokenizer: ClipTokenizer): TokenChunk {
  return tokenizer.encodeChunks(plainParts(""), 1)[0]!;
}

/** Returns the number of chunks that prompts need with all tokenizers, at most `max`. */
export async function countChunks(
  { folder }: Pick<CheckpointSource, "folder">,
  tokenizers: readonly string[],
  prompts: PromptParts,
  max: number,
): Promise<number> {
  if (max === 1) return 1;
  const opened = await Promise.all(tokenizers.map((name) => openClipTokenizer(folder, name)));
  const counts = opened.flatMap((tokenizer) =>
    rowsOf(prompts).map((parts) => tokenizer.encodeChunks(parts, max).length)
  );
  return Math.max(...counts);
}

/** Returns the longest end of a text that one of the tokenizers cuts off. */
export async function cutWords(
  { folder }: Pick<CheckpointSource, "folder">,
  tokenizers: readonly string[],
  text: string,
  chunks: number,
): Promise<string> {
  const opened = await Promise.all(tokenizers.map((name) => openClipTokenizer(folder, name)));
  const cuts = opened.map((tokenizer) => tokenizer.cutWords(text, chunks));
  return cuts.reduce((longest, cut) => cut.length > longest.length ? cut : longest);
}
