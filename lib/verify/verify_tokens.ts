import { openClipTokenizer } from "../models/tokenizers/clip_tokenizer.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { type TokenFile, TOKENIZERS } from "./token_file.ts";
import { compareValues, EXACT, orFailure, type TensorComparison } from "./tensor_comparison.ts";

/** Compares the tokens of each prompt, from both tokenizers. */
export async function* verifyTokens(
  { prompts, ids }: TokenFile,
  teacher: ModelFolder,
): AsyncGenerator<TensorComparison> {
  for (const subfolder of TOKENIZERS) {
    const name = `tokens ${subfolder}`;
    yield* orFailure(name, async function* () {
      const actual = await tokensOf(prompts, teacher, subfolder);
      yield compareValues(name, actual, ids[subfolder].flat(), EXACT);
    });
  }
}

/** Returns the tokens of all prompts, concatenated. */
export async function tokensOf(
  prompts: readonly string[],
  teacher: ModelFolder,
  subfolder: string,
): Promise<number[]> {
  const tokenizer = await openClipTokenizer(teacher, subfolder);
  return prompts.flatMap((prompt) => tokenizer.encode(prompt));
}
