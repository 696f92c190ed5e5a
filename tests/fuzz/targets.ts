import { parseRunConfig } from "../../config/parse_run_config.ts";
import { decodeImage } from "../../lib/image/formats/decode_image.ts";
import { Palette } from "../../lib/palette/palette.ts";
import { parsePalette } from "../../lib/palette/formats/palette_formats.ts";
import { encodeCheckpoint } from "../../lib/run/checkpoint.ts";
import { decodeCheckpoint } from "../../lib/run/decode_checkpoint.ts";
import { modelTargets } from "./model_targets.ts";

/** A reader of files of strangers. */
export interface FuzzTarget {
  /** Names of the errors that it may throw. */
  readonly errors: readonly string[];
  /** Sound files, which are damaged. */
  readonly samples: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Reads a file. */
  read(bytes: Uint8Array, name: string): unknown;
}

function fixtures(folder: string): { name: string; bytes: Uint8Array }[] {
  const url = new URL(`../fixtures/${folder}/`, import.meta.url);
  return [...Deno.readDirSync(url)].map(({ name }) => ({
    name,
    bytes: Deno.readFileSync(new URL(name, url)),
  })).sort((a, b) => a.name < b.name ? -1 : 1);
}

function checkpoint(): Uint8Array {
  const floats = (count: number) => new Float32Array(count).fill(0.5);
  return encodeCheckpoint({
    height: 2,
    width: 2,
    palette: new Palette("p", Uint8Array.of(0, 0, 0, 255, 255, 255)),
    logits: floats(8),
    moment1: floats(8),
    moment2: floats(8),
    step: 3,
    editSteps: 9,
    edit: {
      pictures: [Uint32Array.of(0, 1, 1, 0)],
      current: { picture: Uint32Array.of(1, 1, 1, 0), latents: floats(16) },
    },
    teacherCalls: 5,
    seed: 7,
    optimizerStep: 3,
    name: "c",
  });
}

/** All readers; a new one is one entry. */
export function fuzzTargets(): readonly FuzzTarget[] {
  const yaml = new URL("../../config/default.yaml", import.meta.url);
  return [
    {
      errors: ["ImageError"],
      samples: fixtures("images"),
      read: (bytes, name) => decodeImage(bytes, { name }),
    },
    { errors: ["PaletteError"], samples: fixtures("palettes"), read: parsePalette },
    {
      errors: ["CheckpointError"],
      samples: [{ name: "checkpoint.safetensors", bytes: checkpoint() }],
      read: (bytes, name) => decodeCheckpoint(bytes, name),
    },
    {
      errors: ["ConfigError"],
      samples: [{ name: "default.yaml", bytes: Deno.readFileSync(yaml) }],
      read: (bytes, name) => parseRunConfig(new TextDecoder().decode(bytes), name),
    },
    ...modelTargets(),
  ];
}
