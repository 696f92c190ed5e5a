import { BMP } from "./bmp.ts";
import { GIF } from "./gif.ts";
import { JPEG } from "./jpeg.ts";
import { PNG } from "./png.ts";
import { TIFF } from "./tiff.ts";
import { WEBP } from "./webp.ts";
import type { ImageEncoder, ImageFormat } from "../image_format.ts";

/** All formats of image files. */
export const IMAGE_FORMATS: readonly ImageFormat[] = [PNG, JPEG, WEBP, GIF, BMP, TIFF];

/** A format that can be written. */
export type PictureFormat = ImageFormat & { readonly encoder: ImageEncoder };

/** The formats in which pictures are written, the default first. */
const PICTURE_FORMATS: readonly PictureFormat[] = IMAGE_FORMATS.filter(
  (format): format is PictureFormat => format.encoder !== undefined,
);

/** The format of pictures if nothing is said. */
export const DEFAULT_PICTURE_FORMAT: PictureFormat = PICTURE_FORMATS[0]!;

/** Returns the format of a file by its first bytes; undefined if it is none of them. */
export function imageFormatOf(bytes: Uint8Array): ImageFormat | undefined {
  return IMAGE_FORMATS.find((format) => format.sniff(bytes));
}

/** Names all formats: "PNG, JPEG, WebP, GIF, BMP or TIFF". */
export function imageFormatNames(): string {
  return IMAGE_FORMATS.map(({ name }) => name).join(", ").replace(/, (\w+)$/, " or $1");
}
