import type { ModelFolder } from "../../weights/model_folder.ts";
import { subfolderPath } from "../../weights/folder_files.ts";
import { ModelConfig } from "../model_config.ts";
import { createPlainTokenizer, type PlainTokenizer } from "./plain_tokenizer.ts";

/** Options of a tokenizer that do not change what it does here. */
const HARMLESS_OPTIONS: readonly string[] = [
  "added_tokens_decoder",
  "additional_special_tokens",
  "backend",
  "clean_up_tokenization_spaces",
  "cls_token",
  "do_basic_tokenize",
  "extra_special_tokens",
  "is_local",
  "mask_token",
  "model_input_names",
  "model_max_length",
  "name_or_path",
  "never_split",
  "pad_token",
  "padding_side",
  "processor_class",
  "sep_token",
  "special_tokens_map_file",
  "truncation_side",
  "use_fast",
];

/** A longer word is unknown. Source: WordpieceTokenizer of transformers. */
const MAX_WORD_LENGTH = 100;

/** BERT's tokenizer: WordPiece in lower case, without special tokens. */
class BertTokenizer {
  readonly #plain: PlainTokenizer;
  readonly #pieces: readonly string[];

  /**
   * Wraps a tokenizer; {@linkcode openBertTokenizer} creates one from files.
   *
   * @param pieces The vocabulary, in the order of the token ids.
   */
  constructor(plain: PlainTokenizer, pieces: readonly string[]) {
    this.#plain = plain;
    this.#pieces = pieces;
  }

  /** Encodes a text as token ids. Names of special tokens in it are ordinary text. */
  encode(text: string): number[] {
    return text === "" ? [] : this.#plain.encode(text);
  }

  /** Decodes token ids. Special tokens, such as [SEP], and unknown ids are left out. */
  decode(ids: readonly number[]): string {
    const words = ids.filter((id) => {
      const piece = this.#pieces[id];
      return piece !== undefined && !/^\[.+\]$/.test(piece);
    });
    return words.length === 0 ? "" : this.#plain.decode(words);
  }
}

/**
 * Opens a tokenizer: `vocab.txt` and `tokenizer_config.json`.
 *
 * @param subfolder Folder inside the model folder. Default: "", the model folder itself.
 * @throws {ModelConfigError} If an option is wrong or not supported.
 * @throws {RangeError} If the vocabulary has no token for unknown words.
 */
export async function openBertTokenizer(
  folder: ModelFolder,
  subfolder = "",
): Promise<BertTokenizer> {
  const config = await ModelConfig.open(folder, subfolder, "tokenizer_config.json");
  const classes = ["BertTokenizer", "BertTokenizerFast"] as const;
  config.choice("tokenizer_class", classes, "BertTokenizer");
  config.choice("do_lower_case", [true], true);
  config.choice("tokenize_chinese_chars", [true], true);
  config.choice("strip_accents", [null, true]);
  const unknownToken = config.choice("unk_token", ["[UNK]"], "[UNK]");
  config.assertAllRead(HARMLESS_OPTIONS);
  const text = await folder.text(subfolderPath(subfolder, "vocab.txt"));
  const pieces = text.replace(/\r?\n$/, "").split(/\r?\n/);
  if (!pieces.includes(unknownToken)) {
    throw new RangeError(
      `Cannot use the vocabulary of "${folder.location}": expected "${unknownToken}" in it, got none`,
    );
  }
  return new BertTokenizer(await createWordPiece(pieces, unknownToken), pieces);
}

function createWordPiece(
  pieces: readonly string[],
  unknownToken: string,
): Promise<PlainTokenizer> {
  return createPlainTokenizer({
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      // As `lowercase`.
      strip_accents: null,
      lowercase: true,
    },
    preTokenizer: { type: "BertPreTokenizer" },
    model: {
      type: "WordPiece",
      unk_token: unknownToken,
      continuing_subword_prefix: "##",
      max_input_chars_per_word: MAX_WORD_LENGTH,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  });
}
