/** Contents of the files of a tokenizer. */
export interface VocabularyFiles {
  /** `vocab.json`. */
  readonly vocab: string;
  /** `merges.txt`. */
  readonly merges: string;
}

/** Tokens at the end of a CLIP vocabulary. */
const SPECIAL = ["<|startoftext|>", "<|endoftext|>"] as const;

/** Ranges of bytes that stand for themselves in a byte-level vocabulary. */
const PLAIN: readonly (readonly [number, number])[] = [[0x21, 0x7e], [0xa1, 0xac], [0xae, 0xff]];

/**
 * Creates a vocabulary in the format of CLIP that has single bytes only, padded to a size.
 *
 * Every text is encoded, with one token per byte. It suits networks with random weights; a trained
 * network does not know these tokens.
 *
 * @param size Number of tokens, >= 514.
 * @throws {RangeError} If it is smaller.
 */
export function byteVocabulary(size: number): VocabularyFiles {
  const letters = byteLetters();
  const known = [...letters, ...letters.map((letter) => `${letter}</w>`)];
  const fillers = size - known.length - SPECIAL.length;
  if (fillers < 0) {
    throw new RangeError(
      `Cannot create a vocabulary of ${size} tokens: expected at least ${
        known.length + SPECIAL.length
      }`,
    );
  }
  const unused = Array.from({ length: fillers }, (_, i) => `<|unused_${i}|>`);
  const tokens = [...known, ...unused, ...SPECIAL];
  const vocab = JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id])));
  return { vocab, merges: "#version: 0.2\n" };
}

/**
 * Returns the characters that stand for bytes, in CLIP's order: printable ones first.
 *
 * Source: `bytes_to_unicode` of https://github.com/openai/CLIP/blob/main/clip/simple_tokenizer.py.
 */
function byteLetters(): string[] {
  const plain = PLAIN.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i)
  );
  const rest = 256 - plain.length;
  const others = Array.from({ length: rest }, (_, i) => 256 + i);
  return [...plain, ...others].map((code) => String.fromCodePoint(code));
}
