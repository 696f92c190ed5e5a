import type { KeyFamily, KeySign } from "./key_family.ts";

const REFUSAL = "a textual inversion: new words for a prompt; Smalti does not support them yet";

function embedding(name: string, signs: readonly KeySign[], keys: readonly RegExp[]): KeyFamily {
  return { name, kind: "embedding", signs, keys, refusal: REFUSAL, without: [/\./] };
}

/** Textual inversions. Their widths tell the text encoder. */
export const EMBEDDING_FAMILIES: readonly KeyFamily[] = [
  embedding(
    "textual inversion for SDXL",
    [{ key: /^clip_g$/, shape: [null, 1280] }],
    [/^clip_[gl]$/],
  ),
  {
    name: "textual inversion in the format of its author",
    kind: "embedding",
    signs: [{ key: /^string_to_param\./ }],
    keys: [/^string_to_(param|token)\./],
    refusal: REFUSAL,
  },
  ...([[768, "Stable Diffusion 1 or CLIP-L"], [1024, "Stable Diffusion 2"], [
    1280,
    "SDXL",
  ]] as const)
    .flatMap(([width, name]) =>
      [[null, width], [width]].map((shape) =>
        embedding(`textual inversion for ${name}`, [{ key: /^[^.]+$/, shape }], [/^[^.]+$/])
      )
    ),
];
