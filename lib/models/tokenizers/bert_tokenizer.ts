import type { ModelFolder } from "../../weights/model_folder.ts";
import { ModelConfig } from "../model_config.ts";

/** Options of a tokenizer that are of no use here. */
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

/** A word of more letters than these is unknown. Source: WordpieceTokenizer of transformers. */
const MAX_WORD_LENGTH = 100;

/** Begins a piece that continues a word. */
const CONTINUES = "##";

/** BERT's tokenizer: words, cut into the longest pieces that are known, in lower case. */
export class BertTokenizer {
  readonly #pieces: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #unknown: number;

  /** Takes the pieces in the order of their numbers; {@linkcode openBertTokenizer} reads them. */
  constructor(pieces: readonly string[], unknownToken: string) {
    this.#pieces = pieces;
    this.#ids = new Map(pieces.map((piece, id) => [piece, id]));
    const unknown = this.#ids.get(unknownToken);
    if (unknown === undefined) {
      throw new RangeError(`Cannot use a vocabulary: expected "${unknownToken}" in it, got none`);
    }
    this.#unknown = unknown;
  }

  /** Turns a text into tokens, without special ones. */
  encode(text: string): number[] {
    return splitWords(text).flatMap((word) => this.#encodeWord(word));
  }

  /** Turns tokens into a text; special ones, such as [SEP], are left out. */
  decode(ids: readonly number[]): string {
    const pieces = ids.flatMap((id) => this.#pieces[id] ?? [])
      .filter((piece) => !/^\[.+\]$/.test(piece));
    const joined = pieces.reduce(
      (text, piece) =>
        piece.startsWith(CONTINUES)
          ? text + piece.slice(CONTINUES.length)
          : text === ""
          ? piece
          : `${text} ${piece}`,
      "",
    );
    return joined.replace(/ ([.?!,])/g, "$1").replace(/ ' /g, "'")
      .replace(/ (n't|'m|'s|'ve|'re)(?= |$)/g, "$1");
  }

  #encodeWord(word: string): number[] {
    const letters = [...word];
    if (letters.length > MAX_WORD_LENGTH) return [this.#unknown];
    const ids: number[] = [];
    for (let start = 0; start < letters.length;) {
      let end = letters.length;
      let id: number | undefined;
      for (; end > start; end--) {
        const piece = letters.slice(start, end).join("");
        id = this.#ids.get(start === 0 ? piece : CONTINUES + piece);
        if (id !== undefined) break;
      }
      if (id === undefined) return [this.#unknown];
      ids.push(id);
      start = end;
    }
    return ids;
  }
}

/**
 * Cuts a text into words: lower case without accents, each mark and each Chinese sign by itself.
 *
 * Source: BasicTokenizer of transformers.
 */
function splitWords(text: string): string[] {
  const clean = text.replace(/[\p{White_Space}]+/gu, " ").replace(
    /[\p{Cc}\p{Cf}\p{Co}\uFFFD]/gu,
    "",
  );
  const plain = clean.toLowerCase().normalize("NFD").replace(/\p{Mn}/gu, "");
  return plain.match(/[\p{P}$+<=>^`|~\p{Script=Han}]|[^\p{P}$+<=>^`|~\p{Script=Han}\s]+/gu) ?? [];
}

/**
 * Opens a tokenizer: `vocab.txt` and `tokenizer_config.json`.
 *
 * @param subfolder Folder inside the model folder. Default: "", the model folder.
 * @throws {ModelConfigError} If an option is wrong or not supported.
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
  const unknown = config.choice("unk_token", ["[UNK]"], "[UNK]");
  config.assertAllRead(HARMLESS_OPTIONS);
  const path = subfolder === "" ? "vocab.txt" : `${subfolder}/vocab.txt`;
  const lines = (await folder.text(path)).split("\n").map((line) => line.replace(/\r$/, ""));
  if (lines.at(-1) === "") lines.pop();
  return new BertTokenizer(lines, unknown);
}
