import { join } from "node:path";
import { readFile } from "../files/read_file.ts";
import { writeFileInFolder } from "../files/write_file.ts";
import { encodePng } from "../image/encode_png.ts";
import { decodeImage } from "../image/formats/decode_image.ts";
import { parsePalette } from "../palette/formats/palette_formats.ts";
import type { Palette } from "../palette/palette.ts";
import { MAX_PALETTE_BYTES } from "../palette/palette_format.ts";
import type { PaletteInfo, UploadInfo } from "./protocol/studio_api.ts";

/** Limits of an uploaded image. */
export const UPLOAD_LIMITS = { bytes: 32 * 2 ** 20, pixels: 2 ** 24 } as const;

/** An id: kind, hash of the content, name. It holds no separator of paths. */
const ID = /^(image|palette|mask)-[0-9a-f]{16}(-[\p{L}\p{N}_-]{1,40})?\.[a-z0-9]{1,8}$/u;

/** Uploaded files: each has a name that follows from its content, in one folder. */
export class Uploads {
  readonly #folder: string;
  readonly #palettes = new Map<string, PaletteInfo>();

  /** @param output Path of the output folder. */
  constructor(output: string) {
    this.#folder = join(output, "uploads");
  }

  /** The palettes that were uploaded since the start. */
  get palettes(): readonly PaletteInfo[] {
    return [...this.#palettes.values()];
  }

  /**
   * Returns the path of an upload.
   *
   * @throws {RangeError} If it is no id, or there is no such upload.
   */
  async path(id: string, kind: UploadInfo["kind"]): Promise<string> {
    const path = join(this.#folder, id);
    const isThere = ID.test(id) && id.startsWith(`${kind}-`) &&
      await Deno.lstat(path).then(({ isFile }) => isFile, () => false);
    if (isThere) return path;
    throw new RangeError(`Cannot find the ${kind} "${id}": add it again`);
  }

  /**
   * Keeps an image, or a mask, and tells its size.
   *
   * @param name Name of the file, for messages and for its extension.
   * @throws {ImageError} If it is none, or too large.
   */
  async addImage(
    bytes: Uint8Array<ArrayBuffer>,
    name: string,
    kind: "image" | "mask" = "image",
  ): Promise<UploadInfo> {
    const notes: string[] = [];
    const { height, width } = await decodeImage(bytes, {
      name,
      maxPixels: UPLOAD_LIMITS.pixels,
      onNote: (note) => notes.push(note),
    });
    const id = await this.#keep(bytes, name, kind);
    return { id, kind, height, width, notes };
  }

  /** Returns an image or a mask as a PNG, which each browser shows. */
  async png(id: string): Promise<Uint8Array<ArrayBuffer>> {
    const path = await this.path(id, id.startsWith("mask-") ? "mask" : "image");
    const bytes = await readFile(path, { maxBytes: UPLOAD_LIMITS.bytes });
    return encodePng(await decodeImage(bytes, { name: id, maxPixels: UPLOAD_LIMITS.pixels }));
  }

  /**
   * Keeps a palette in any format that Smalti reads.
   *
   * @throws {PaletteError} If it is none, or too large.
   */
  async addPalette(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<UploadInfo> {
    const palette = parsePalette(bytes.subarray(0, MAX_PALETTE_BYTES + 1), name);
    const id = await this.#keep(bytes, name, "palette");
    const info = describePalette(palette, { id, credit: "", kind: "upload" });
    this.#palettes.set(id, info);
    return { id, kind: "palette", palette: info, notes: palette.notes };
  }

  async #keep(
    bytes: Uint8Array<ArrayBuffer>,
    name: string,
    kind: UploadInfo["kind"],
  ): Promise<string> {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const hash = Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"));
    const [, stem = "", extension = "bin"] = /^(.*?)(?:\.([a-z0-9]{1,8}))?$/i.exec(name) ?? [];
    const plain = stem.replaceAll(/[^\p{L}\p{N}_-]+/gu, "_").slice(0, 40);
    const end = plain === "" ? "" : `-${plain}`;
    const id = `${kind}-${hash.join("")}${end}.${extension.toLowerCase()}`;
    await writeFileInFolder(join(this.#folder, id), bytes);
    return id;
  }
}

/** Describes a palette for the page. */
export function describePalette(
  palette: Palette,
  rest: Pick<PaletteInfo, "id" | "credit" | "kind">,
): PaletteInfo {
  const colors = Array.from({ length: palette.size }, (_, i) => `#${palette.hexAt(i)}`);
  return { ...rest, name: palette.name, colors };
}
