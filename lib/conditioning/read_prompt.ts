import type { WeightedText } from "../models/tokenizers/weighted_text.ts";
import type { PromptParts, Prompts } from "./family/model_family.ts";
import { joinParts, normalizePrompt, type PromptReading } from "./normalize_prompt.ts";
import type { TeacherFolder } from "./teacher_folder.ts";
import { describeUnknownWords, findUnknownWords } from "./unknown_words.ts";
import { readVocabulary } from "./vocabulary.ts";

/** How a run reads its prompts. */
export interface RunReading extends PromptReading {
  /** Max number of chunks of tokens. */
  readonly maxChunks: number;
}

/** Max number of chunks: more text than anybody writes, and memory that a UNet has. */
const MAX_CHUNKS = 8;

/** Returns how a run reads its prompts. */
export function readingOf(
  { promptWeights, promptChunks }: {
    readonly promptWeights: boolean;
    readonly promptChunks: boolean;
  },
): RunReading {
  return { weights: promptWeights, maxChunks: promptChunks ? MAX_CHUNKS : 1 };
}

/** Returns what a teacher encodes for prompts; see `normalizePrompt`. */
export async function readPrompts(
  { folder }: Pick<TeacherFolder, "folder">,
  { prompt, negativePrompt }: Prompts,
  reading: PromptReading,
): Promise<PromptParts> {
  const vocabulary = await readVocabulary(folder);
  const read = (text: string): readonly WeightedText[] =>
    normalizePrompt(text, vocabulary, reading).parts;
  return {
    prompt: read(prompt),
    negativePrompt: negativePrompt === undefined ? undefined : read(negativePrompt),
  };
}

/** Lists the words of a prompt that a teacher with a vocabulary does not know. */
export async function unknownWordsOf(
  { folder }: Pick<TeacherFolder, "folder">,
  prompt: string,
  reading: PromptReading,
): Promise<string[]> {
  const vocabulary = await readVocabulary(folder);
  if (vocabulary === undefined) return [];
  const { parts } = normalizePrompt(prompt, vocabulary, reading);
  return findUnknownWords(vocabulary, joinParts(parts)).map(({ word }) => word);
}

/** Lists what a teacher does not read as it is typed in a prompt, a sentence each. */
export async function promptNotes(
  { folder, name, promptEncoder }: Pick<TeacherFolder, "folder" | "name" | "promptEncoder">,
  prompt: string,
  reading: RunReading,
): Promise<string[]> {
  const vocabulary = await readVocabulary(folder);
  const { parts, notes } = normalizePrompt(prompt, vocabulary, reading);
  const text = joinParts(parts);
  const unknown = vocabulary === undefined ? [] : findUnknownWords(vocabulary, text);
  const cut = await promptEncoder.cutWords(text, reading.maxChunks);
  return [
    ...notes,
    ...describeUnknownWords(unknown, name),
    ...(cut === ""
      ? []
      : [`The prompt is too long for the teacher "${name}"; it does not read: "${cut}"`]),
  ];
}
