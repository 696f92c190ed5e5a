import type { ModelFolder } from "../../weights/model_folder.ts";
import { ModelConfig } from "../model_config.ts";

/** Pieces that tokens never cross. Source: CLIPTokenizer of transformers, without special tokens. */
const PIECES = String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\p{White_Space}\p{L}\p{N}]+`;

/** Options of a tokenizer that are of no use here. */
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

/** Splits text into plain tokens; what the package's class is used for. */
interface PlainTokenizer {
  encode(text: string, options: { readonly add_special_tokens: boolean }): { ids: number[] };
}

/** Tokens around a text. */
interface SpecialTokens {
  readonly bos: number;
  readonly eos: number;
  readonly pad: number;
}

/** CLIP's tokenizer: byte-level BPE in lower case. */
export class ClipTokenizer {
  /** Number of tokens that a text becomes. */
  readonly maxLength: number;
  readonly #plain: PlainTokenizer;
  readonly #special: SpecialTokens;

  /** Wraps a tokenizer of plain text; {@linkcode openTokenizer} makes one from files. */
  constructor(plain: PlainTokenizer, special: SpecialTokens, maxLength: number) {
    this.maxLength = maxLength;
    this.#plain = plain;
    this.#special = special;
  }

  /**
   * Turns a text into tokens. Names of special tokens in it are ordinary text.
   *
   * @returns Exactly `maxLength` tokens: a begin, the text, cut off where it is too long, an end,
   * and padding.
   */
  encode(text: string): number[] {
    const { bos, eos, pad } = this.#special;
    const normal = normalize(text);
    const { ids } = this.#plain.encode(normal, { add_special_tokens: false });
    const kept = [bos, ...ids.slice(0, this.maxLength - 2), eos];
    return [...kept, ...new Array<number>(this.maxLength - kept.length).fill(pad)];
  }
}

/** Joins blanks and lowers letters one by one, so that a sigma at the end is like any other. */
function normalize(text: string): string {
  const joined = text.normalize("NFC").replace(/\p{White_Space}+/gu, " ");
  return Array.from(joined, (letter) => letter.toLowerCase()).join("");
}

/**
 * Opens a tokenizer: `vocab.json`, `merges.txt` and `tokenizer_config.json`.
 *
 * @param subfolder "tokenizer" or "tokenizer_2"; "" for the model folder itself.
 * @throws {ModelConfigError} If an option is wrong or not supported.
 */
export async function openTokenizer(
  folder: ModelFolder,
  subfolder: string,
): Promise<ClipTokenizer> {
  const config = await ModelConfig.open(folder, subfolder, "tokenizer_config.json");
  const vocab = await ModelConfig.open(folder, subfolder, "vocab.json");
  const merges = await folder.text(pathIn(subfolder, "merges.txt"));
  config.choice("tokenizer_class", ["CLIPTokenizer", "CLIPTokenizerFast"], "CLIPTokenizer");
  config.choice("do_lower_case", [true], true);
  config.choice("padding_side", ["right"], "right");
  config.choice("truncation_side", ["right"], "right");
  const special = await readSpecialTokens(folder, subfolder, { config, vocab });
  const maxLength = config.integer("model_max_length", 77);
  if (maxLength < 2) throw config.refusal("model_max_length", "an integer >= 2");
  config.assertAllRead(HARMLESS_OPTIONS);
  const plain = await createPlainTokenizer(vocab.options(), merges);
  return new ClipTokenizer(plain, special, maxLength);
}

function pathIn(subfolder: string, name: string): string {
  return subfolder === "" ? name : `${subfolder}/${name}`;
}

/** Reads the special tokens; older checkpoints name them in a file of their own. */
async function readSpecialTokens(
  folder: ModelFolder,
  subfolder: string,
  { config, vocab }: { readonly config: ModelConfig; readonly vocab: ModelConfig },
): Promise<SpecialTokens> {
  const name = "special_tokens_map.json";
  const hasMap = await folder.has(pathIn(subfolder, name));
  const map = hasMap ? await ModelConfig.open(folder, subfolder, name) : undefined;
  const idOf = (key: string, fallback: string) => {
    const token = nameOf(config, key) ?? (map && nameOf(map, key)) ?? fallback;
    const id = vocab.get(token);
    if (Number.isSafeInteger(id)) return id as number;
    throw vocab.refusal(token, "the number of a token");
  };
  const end = "<|endoftext|>";
  return {
    bos: idOf("bos_token", "<|startoftext|>"),
    eos: idOf("eos_token", end),
    pad: idOf("pad_token", end),
  };
}

/** A special token is a text, or an object with a text. */
function nameOf(config: ModelConfig, key: string): string | undefined {
  const value = config.get(key) ?? undefined;
  const name = typeof value === "object" ? (value as { content?: unknown }).content : value;
  if (name === undefined || typeof name === "string") return name;
  throw config.refusal(key, "a text");
}

async function createPlainTokenizer(
  vocab: Readonly<Record<string, unknown>>,
  mergesText: string,
): Promise<PlainTokenizer> {
  // Imported here, so that those who need no prompt do not load it.
  const { Tokenizer } = await import("npm:@huggingface/tokenizers@0.2.0");
  const merges = mergesText.split("\n")
    .map((line) => line.trimEnd())
    .filter((line, i) => line !== "" && !(i === 0 && line.startsWith("#version")));
  const model = {
    type: "BPE",
    vocab,
    merges: merges.map((line) => line.split(" ")),
    dropout: null,
    unk_token: "<|endoftext|>",
    continuing_subword_prefix: "",
    end_of_word_suffix: "</w>",
    fuse_unk: false,
  };
  const pieces = { type: "Split", pattern: { Regex: PIECES }, behavior: "Removed", invert: true };
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
  return new Tokenizer({
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "Sequence", pretokenizers: [pieces, bytes] },
    post_processor: null,
    decoder: null,
    model,
  }, {});
}
