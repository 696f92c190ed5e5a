import type { ModelFolder } from "../../../lib/weights/model_folder.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { goldenPath } from "../../support/goldens.ts";
import { memoryFolder } from "../conditioning/memory_folder.ts";

/** Token i is the word "wi"; one token stands for all unknown words. */
const VOCABULARY = Array.from({ length: 300 }, (_, i) => i === 1 ? "[UNK]" : `w${i}`);

/** Files besides the weights, which are random, of the reference tensors' BLIP. */
export function tinyBlipFiles(): Readonly<Record<string, string>> {
  return { "vocab.txt": VOCABULARY.join("\n"), "tokenizer_config.json": "{}" };
}

/**
 * Opens the BLIP of the reference tensors, which captions in words "w0" to "w299".
 *
 * @param stop Token that ends a caption.
 */
export async function openTinyBlip(stop: number): Promise<ModelFolder> {
  const base = openModelFolder(goldenPath("tiny-blip"));
  const config = JSON.parse(await base.text("config.json"));
  config.text_config.sep_token_id = stop;
  return memoryFolder({ ...tinyBlipFiles(), "config.json": JSON.stringify(config) }, base);
}
