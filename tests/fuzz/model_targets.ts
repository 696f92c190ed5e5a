import { parseModelInfo } from "../../lib/hub/repo_listing.ts";
import { readSchedulerConfig } from "../../lib/guidance/scheduler_config.ts";
import { inspectFile } from "../../lib/inspect/inspect_file.ts";
import { readClipTextConfig } from "../../lib/models/clip/clip_text_config.ts";
import { openClipTokenizer } from "../../lib/models/tokenizers/clip_tokenizer.ts";
import { readUnetConfig } from "../../lib/models/unet/unet_config.ts";
import { memorySource } from "../../lib/weights/byte_source.ts";
import { type ModelFolder, ModelFolderError } from "../../lib/weights/model_folder.ts";
import { goldenPath } from "../support/goldens.ts";
import type { FuzzTarget } from "./targets.ts";

/** A teacher's folder with one file replaced. */
function folderWith(path: string, bytes: Uint8Array): ModelFolder {
  const read = (wanted: string) => {
    if (wanted === path) return Uint8Array.from(bytes);
    try {
      return Deno.readFileSync(goldenPath(`tiny-sdxl/${wanted}`));
    } catch (cause) {
      throw new ModelFolderError(wanted, "there is no such file", { cause });
    }
  };
  return {
    location: "tiny-sdxl",
    has: (wanted) => Promise.resolve(wanted === path),
    text: (wanted) => Promise.resolve(new TextDecoder().decode(read(wanted))),
    source: (wanted) => Promise.resolve(memorySource(read(wanted), wanted)),
  };
}

const READERS: Readonly<Record<string, (folder: ModelFolder) => Promise<unknown>>> = {
  "unet/config.json": (folder) => readUnetConfig(folder, "unet"),
  "text_encoder/config.json": (folder) => readClipTextConfig(folder, "text_encoder"),
  "scheduler/scheduler_config.json": (folder) => readSchedulerConfig(folder, "scheduler"),
  "tokenizer/tokenizer_config.json": (folder) => openClipTokenizer(folder, "tokenizer"),
  "tokenizer/merges.txt": (folder) => openClipTokenizer(folder, "tokenizer"),
  "tokenizer/vocab.json": (folder) => openClipTokenizer(folder, "tokenizer"),
};

const LISTING = JSON.stringify({
  sha: "0".repeat(40),
  siblings: [
    { rfilename: "unet/config.json", size: 10, blobId: "1".repeat(40) },
    {
      rfilename: "unet/diffusion_pytorch_model.safetensors",
      size: 1e6,
      blobId: "2".repeat(40),
      lfs: { sha256: "3".repeat(64), size: 1e6 },
    },
  ],
});

/** Readers of files of models and of answers of the Hub. */
export function modelTargets(): readonly FuzzTarget[] {
  const sample = (name: string) => ({
    name,
    bytes: Deno.readFileSync(goldenPath(`tiny-sdxl/${name}`)),
  });
  return [
    {
      errors: ["ModelConfigError"],
      samples: Object.keys(READERS).map(sample),
      read: (bytes, name) => READERS[name]!(folderWith(name, bytes)),
    },
    {
      errors: ["SafetensorsError"],
      samples: [sample("text_encoder/model.safetensors")],
      read: (bytes, name) => inspectFile(folderWith(name, bytes), name, name),
    },
    {
      errors: ["SyntaxError"],
      samples: [{ name: "listing.json", bytes: new TextEncoder().encode(LISTING) }],
      read: (bytes) => parseModelInfo(JSON.parse(new TextDecoder().decode(bytes))),
    },
  ];
}
