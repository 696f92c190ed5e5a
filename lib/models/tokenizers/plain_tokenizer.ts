/** A tokenizer without special tokens, such as begin and end. */
export interface PlainTokenizer {
  /** Encodes a text as token ids. */
  encode(text: string): number[];
  /** Decodes at least one token id. */
  decode(ids: number[]): string;
}

/** Parts of a `tokenizer.json`, as https://huggingface.co/docs/tokenizers/pipeline names them. */
export interface TokenizerParts {
  /** Changes a text before it is split. */
  readonly normalizer: Readonly<Record<string, unknown>> | null;
  /** Splits a text into words. */
  readonly preTokenizer: Readonly<Record<string, unknown>>;
  /** Splits words into tokens. */
  readonly model: Readonly<Record<string, unknown>>;
  /** Joins tokens to a text. */
  readonly decoder: Readonly<Record<string, unknown>> | null;
}

/** Creates a tokenizer of the package `@huggingface/tokenizers`. */
export async function createPlainTokenizer(parts: TokenizerParts): Promise<PlainTokenizer> {
  // Imported here, so that a run without a prompt does not load it.
  const { Tokenizer } = await import("npm:@huggingface/tokenizers@0.2.0");
  const tokenizer = new Tokenizer({
    version: "1.0",
    added_tokens: [],
    normalizer: parts.normalizer,
    pre_tokenizer: parts.preTokenizer,
    post_processor: null,
    decoder: parts.decoder,
    model: parts.model,
  }, {});
  return {
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) => tokenizer.decode(ids),
  };
}
