import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { encodeIndexedPng } from "../../../lib/image/encode_png.ts";
import type { Image } from "../../../lib/image/image.ts";
import { writeFileInFolder } from "../../../lib/files/write_file.ts";
import type { MadePicture } from "./make_picture.ts";
import type { Prompt } from "./prompts.ts";

/** The pictures of a benchmark, as indexed PNGs in its folder. */
export class PictureFiles {
  readonly #folder: string;

  /** Takes the folder of the benchmark. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes the picture of a job. */
  async write(key: string, { indices, palette, size }: MadePicture): Promise<void> {
    await writeFileInFolder(this.#path(key), encodeIndexedPng(size, indices, palette.colors));
  }

  /** Reads the picture of a job. */
  async read(key: string): Promise<Image> {
    const path = this.#path(key);
    return await decodeImage(await Deno.readFile(path), { name: path });
  }

  #path(key: string): string {
    return `${this.#folder}/pictures/${key}.png`;
  }
}

/** Reads the input image of a prompt, if it has one. */
export async function readInput({ image }: Prompt): Promise<Image | undefined> {
  if (image === undefined) return undefined;
  return await decodeImage(await Deno.readFile(new URL(image, import.meta.url)), { name: image });
}
