import type { ModelFolder } from "../../weights/model_folder.ts";
import { subfolderPath } from "../../weights/folder_files.ts";
import { ModelConfig } from "../model_config.ts";
import { type ClipVocabulary, readClipVocabulary } from "./clip_vocabulary.ts";
import { createPlainTokenizer, type PlainTokenizer } from "./plain_tokenizer.ts";
import type { WeightedText } from "./weighted_text.ts";

/**
 * Words: tokens never cross them. Source: CLIPTokenizer of transformers, without special tokens.
 */
const PIECES = String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\p{White_Space}\p{L}\p{N}]+`;

/** Options of a tokenizer that do not change what it does here. */
const HARMLESS_OPTIONS: readonly string[] = [
  "add_prefix_space",
  "added_tokens_decoder",
  "additional_special_tokens",
  "backend",
  "clean_up_tokenization_spaces",
  "errors",
  "extra_special_tokens",
  "is_local",
  "model_input_names",
  "name_or_path",
  "processor_class",
  "special_tokens_map_file",
  "unk_token",
  "use_fast",
];

/** Ids of the special tokens. */
interface SpecialTokens {
  readonly bos: number;
  readonly eos: number;
  readonly pad: number;
}

/** Tokens of a part of a prompt that a text encoder reads together. */
export interface TokenChunk {
  /** Token ids, exactly as many as the tokenizer's `maxLength`. */
  readonly ids: readonly number[];
  /** Weight of each token; 1 for begin, end and padding. */
  readonly weights: readonly number[];
}

/** CLIP's tokenizer: byte-level byte-pair encoding in lower case. */
export class ClipTokenizer {
  /** Number of tokens of each encoded text. */
  readonly maxLength: number;
  readonly #plain: PlainTokenizer;
  readonly #special: SpecialTokens;
  /** Options of its file that this version does not know. */
  readonly ignoredOptions: readonly string[];

  /** Wraps a tokenizer; {@linkcode openClipTokenizer} creates one from files. */
  constructor(
    plain: PlainTokenizer,
    special: SpecialTokens,
    { maxLength, ignored = [] }: {
      readonly maxLength: number;
      readonly ignored?: readonly string[];
    },
  ) {
    this.maxLength = maxLength;
    this.ignoredOptions = ignored;
    this.#plain = plain;
    this.#special = special;
  }

  /**
   * Encodes a text as token ids. Names of special tokens in it are ordinary text.
   *
   * @returns Exactly `maxLength` ids: begin, the text, end, padding. A longer text is truncated.
   */
  encode(text: string): number[] {
    const { bos, eos, pad } = this.#special;
    const normal = normalize(text);
    const ids = this.#plain.encode(normal).slice(0, this.maxLength - 2);
    const framed = [bos, ...ids, eos];
    return [...framed, ...new Array<number>(this.maxLength - framed.length).fill(pad)];
  }

  /**
   * Encodes a prompt as chunks of `maxLength` ids: begin, text, end, padding. What does not fit in
   * all chunks is truncated.
   *
   * @param max Max number of chunks, min 1.
   * @returns One chunk at least.
   */
  encodeChunks(parts: readonly WeightedText[], max: number): TokenChunk[] {
    const { bos, eos, pad } = this.#special;
    const size = this.maxLength - 2;
    const tokens = parts.flatMap(({ text, weight }) =>
      this.#plain.encode(normalize(text)).map((id) => ({ id, weight }))
    );
    const count = Math.min(max, Math.max(1, Math.ceil(tokens.length / size)));
    return Array.from({ length: count }, (_, i) => {
      const used = tokens.slice(i * size, (i + 1) * size);
      const padding = new Array<number>(size - used.length);
      return {
        ids: [bos, ...used.map(({ id }) => id), eos, ...padding.fill(pad)],
        weights: [1, ...used.map(({ weight }) => weight), 1, ...padding.slice().fill(1)],
      };
    });
  }

  /**
   * Returns the end of a text that does not fit in a number of chunks, from the first cut word; ""
   * if there is none.
   */
  cutWords(text: string, chunks = 1): string {
    const words = normalize(text).trim().split(" ");
    let room = chunks * (this.maxLength - 2);
    // Tokens do not cross spaces.
    const first = words.findIndex((word) => {
      if (word !== "") room -= this.#plain.encode(word).length;
      return room < 0;
    });
    return first < 0 ? "" : words.slice(first).join(" ");
  }
}

/**
 * Composes letters, collapses white space and lowers the case letter by letter: toLowerCase() of
 * the whole text would treat a final sigma differently.
 */
function normalize(text: string): string {
  const joined = text.normalize("NFC").replace(/\p{White_Space}+/gu, " ");
  return Array.from(joined, (letter) => letter.toLowerCase()).join("");
}

/**
 * Opens a tokenizer: its vocabulary, and `tokenizer_config.json`.
 *
 * @param subfolder Folder inside the model folder, such as "tokenizer"; "" for the folder itself.
 * @throws {ModelConfigError} If an option is wrong or not supported.
 */
export async function openClipTokenizer(
  folder: ModelFolder,
  subfolder: string,
): Promise<ClipTokenizer> {
  const config = await ModelConfig.open(folder, subfolder, "tokenizer_config.json");
  const vocabulary = await readClipVocabulary(folder, subfolder);
  config.choice("tokenizer_class", ["CLIPTokenizer", "CLIPTokenizerFast"], "CLIPTokenizer");
  config.choice("do_lower_case", [true], true);
  config.choice("padding_side", ["right"], "right");
  config.choice("truncation_side", ["right"], "right");
  const special = await readSpecialTokens(folder, subfolder, {
    config,
    vocab: vocabulary.file,
  });
  const maxLength = config.integer("model_max_length", 77);
  if (maxLength < 2) throw config.refusal("model_max_length", "an integer >= 2");
  const plain = await createBytePairTokenizer(vocabulary);
  const ignored = config.unreadOptions(HARMLESS_OPTIONS);
  return new ClipTokenizer(plain, special, { maxLength, ignored });
}

/** Reads the special tokens; older checkpoints name them in a separate file. */
async function readSpecialTokens(
  folder: ModelFolder,
  subfolder: string,
  { config, vocab }: { readonly config: ModelConfig; readonly vocab: ModelConfig },
): Promise<SpecialTokens> {
  const name = "special_tokens_map.json";
  const hasMap = await folder.has(subfolderPath(subfolder, name));
  const map = hasMap ? await ModelConfig.open(folder, subfolder, name) : undefined;
  const idOf = (key: string, fallback: string) => {
    const token = nameOf(config, key) ?? (map && nameOf(map, key)) ?? fallback;
    const id = vocab.get(token);
    if (Number.isSafeInteger(id)) return id as number;
    throw vocab.refusal(token, "the id of a token");
  };
  const end = "<|endoftext|>";
  return {
    bos: idOf("bos_token", "<|startoftext|>"),
    eos: idOf("eos_token", end),
    pad: idOf("pad_token", end),
  };
}

/** Reads the name of a special token: a string, or an object with a string. */
function nameOf(config: ModelConfig, key: string): string | undefined {
  const value = config.get(key) ?? undefined;
  const name = typeof value === "object" ? (value as { content?: unknown }).content : value;
  if (name === undefined || typeof name === "string") return name;
  throw config.refusal(key, "a string");
}

function createBytePairTokenizer(
  { tokens, merges }: Pick<ClipVocabulary, "tokens" | "merges">,
): Promise<PlainTokenizer> {
  const pieces = { type: "Split", pattern: { Regex: PIECES }, behavior: "Removed", invert: true };
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
  return createPlainTokenizer({
    // `normalize` does it.
    normalizer: null,
    preTokenizer: { type: "Sequence", pretokenizers: [pieces, bytes] },
    model: {
      type: "BPE",
      vocab: tokens,
      merges,
      dropout: null,
      unk_token: "<|endoftext|>",
      continuing_subword_prefix: "",
      end_of_word_suffix: "</w>",
      fuse_unk: false,
    },
    decoder: null,
  });
}
