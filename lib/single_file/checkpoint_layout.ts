import type { CheckpointPart, SplitCheckpoint } from "./split_checkpoint.ts";

/** Padding of a CLIP tokenizer, and what OpenCLIP pads with. */
const CLIP_PADDING = "<|endoftext|>";
const OPEN_CLIP_PADDING = "!";

/** What a teacher of a family consists of besides its UNet. */
export interface CheckpointLayout {
  /** Name of the family. */
  readonly name: "SDXL" | "Stable Diffusion 1" | "Stable Diffusion 2";
  /** Its text encoders. */
  readonly textEncoders: readonly CheckpointPart[];
  /** Its tokenizers: the token for padding by the name of the folder. */
  readonly tokenizers: Readonly<Record<string, string>>;
  /** Models of the Hub with the same tokenizers, by their short names; the first is wanted. */
  readonly tokenizerIds: readonly string[];
  /** Model of the Hub with the networks that a file lacks; undefined if none is known. */
  readonly baseId?: string;
}

const SDXL: CheckpointLayout = {
  name: "SDXL",
  textEncoders: ["text_encoder", "text_encoder_2"],
  tokenizers: { tokenizer: CLIP_PADDING, tokenizer_2: OPEN_CLIP_PADDING },
  tokenizerIds: ["sdxl"],
  baseId: "sdxl",
};

const SD1: CheckpointLayout = {
  name: "Stable Diffusion 1",
  textEncoders: ["text_encoder"],
  tokenizers: { tokenizer: CLIP_PADDING },
  tokenizerIds: ["sd15", "sdxl"],
  baseId: "sd15",
};

/** Its text encoder is OpenCLIP's; the vocabulary is that of CLIP. */
const SD2: CheckpointLayout = {
  name: "Stable Diffusion 2",
  textEncoders: ["text_encoder"],
  tokenizers: { tokenizer: OPEN_CLIP_PADDING },
  tokenizerIds: ["sd15", "sdxl"],
};

/** Width of the prompts of Stable Diffusion 2. */
const SD2_WIDTH = 1024;

/** Tells of which family a checkpoint in one file is, by its UNet and its text encoder. */
export function layoutOf({ parts }: Pick<SplitCheckpoint, "parts">): CheckpointLayout {
  const unet = parts.find(({ part }) => part === "unet")?.tensors ?? [];
  if (unet.some(({ key }) => key.startsWith("add_embedding."))) return SDXL;
  const isOpen = parts.some(({ part, layout }) => part === "text_encoder" && layout === "OpenCLIP");
  const keys = unet.find(({ key }) => key.endsWith(".attn2.to_k.weight"));
  return isOpen || keys?.shape[1] === SD2_WIDTH ? SD2 : SD1;
}
