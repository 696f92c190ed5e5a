import { normalizePrompt } from "./normalize_prompt.ts";
import type { TeacherFolder } from "./teacher_folder.ts";
import { describeUnknownWords, findUnknownWords } from "./unknown_words.ts";
import { readVocabulary } from "./vocabulary.ts";

/** Returns the text that a teacher encodes for a prompt; see `normalizePrompt`. */
export async function readPrompt(
  { folder }: Pick<TeacherFolder, "folder">,
  prompt: string,
): Promise<string> {
  return normalizePrompt(prompt, await readVocabulary(folder)).text;
}

/** Lists the words of a prompt that a teacher with a vocabulary does not know. */
export async function unknownWordsOf(
  { folder }: Pick<TeacherFolder, "folder">,
  prompt: string,
): Promise<string[]> {
  const vocabulary = await readVocabulary(folder);
  if (vocabulary === undefined) return [];
  const { text } = normalizePrompt(prompt, vocabulary);
  return findUnknownWords(vocabulary, text).map(({ word }) => word);
}

/** Lists what a teacher does not read as it is typed in a prompt, a sentence each. */
export async function promptNotes(
  { folder, name, promptEncoder }: Pick<TeacherFolder, "folder" | "name" | "promptEncoder">,
  prompt: string,
): Promise<string[]> {
  const vocabulary = await readVocabulary(folder);
  const { text, notes } = normalizePrompt(prompt, vocabulary);
  const unknown = vocabulary === undefined ? [] : findUnknownWords(vocabulary, text);
  const cut = await promptEncoder.cutWords(text);
  return [
    ...notes,
    ...describeUnknownWords(unknown, name),
    ...(cut === ""
      ? []
      : [`The prompt is too long for the teacher "${name}"; it does not read: "${cut}"`]),
  ];
}
