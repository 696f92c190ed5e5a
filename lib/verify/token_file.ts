import type { ModelFolder } from "../weights/model_folder.ts";

/** The two tokenizers of a teacher, by their folders. */
export const TOKENIZERS = ["tokenizer", "tokenizer_2"] as const;

/** Prompts and their expected tokens. */
export interface TokenFile {
  /** The prompts. */
  readonly prompts: readonly string[];
  /** Expected tokens of each prompt, by tokenizer. */
  readonly ids: Readonly<Record<typeof TOKENIZERS[number], readonly (readonly number[])[]>>;
}

/** Name of the file. */
export const TOKEN_FILE = "tokens.json";

/**
 * Reads the file of prompts and tokens.
 *
 * @returns Undefined if there is none.
 * @throws {SyntaxError} If its content is not as expected.
 */
export async function readTokenFile(folder: ModelFolder): Promise<TokenFile | undefined> {
  if (!await folder.has(TOKEN_FILE)) return undefined;
  const location = `${folder.location.replace(/\/$/, "")}/${TOKEN_FILE}`;
  const text = await folder.text(TOKEN_FILE);
  let content: Partial<Record<string, unknown>> | null;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${location}": it is not JSON`, { cause });
  }
  const { prompts, tokenizer, tokenizer_2 } = content ?? {};
  if (isTexts(prompts) && isRows(tokenizer) && isRows(tokenizer_2)) {
    return { prompts, ids: { tokenizer, tokenizer_2 } };
  }
  throw new SyntaxError(
    `Cannot read "${location}": expected texts as "prompts", and lists of tokens as "tokenizer" ` +
      `and "tokenizer_2"`,
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function isRows(value: unknown): value is readonly (readonly number[])[] {
  return Array.isArray(value) &&
    value.every((row) => Array.isArray(row) && row.every((id) => Number.isInteger(id)));
}
