/** Configs beside a checkpoint in one file, which tell what no tensor does. */
export const CONFIGS_BESIDE: readonly string[] = [
  ...["unet", "text_encoder", "text_encoder_2", "vae", "controlnet"].map((name) =>
    `${name}/config.json`
  ),
  // Of a file with one network.
  "config.json",
];

/** Tokenizers beside a checkpoint in one file: folders, or the files of one. */
export const TOKENIZERS_BESIDE: readonly string[] = [
  "tokenizer",
  "tokenizer_2",
  "vocab.json",
  "merges.txt",
  "tokenizer.json",
];
