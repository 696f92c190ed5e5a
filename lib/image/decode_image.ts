import { decodePng } from "./decode_png.ts";
import type { Image } from "./image.ts";
import { type ImageFormat, nameForeignFormat, readImageHeader } from "./image_header.ts";

/** A file that is not a picture, or that is damaged. Trying again does not help. */
export class ImageError extends SyntaxError {
  /** Name of the class, as it is printed. */
  override readonly name = "ImageError";
}

/** Options of {@linkcode decodeImage}. */
export interface DecodeImageOptions {
  /** What errors call the file, such as its path. Default: "image". */
  readonly name?: string;
  /** The most pixels that are decoded; a file that says it has more is refused. Default: 2^26. */
  readonly maxPixels?: number;
}

/** 8192 x 8192 pixels: 256 MiB decoded. */
const MAX_PIXELS = 2 ** 26;

/**
 * Reads a PNG, JPEG, WebP, GIF (first frame), BMP or TIFF file, whatever its name ends in.
 *
 * A photograph's rotation mark (EXIF) is obeyed where the format has one.
 *
 * @throws {ImageError} If the file is empty, no picture, cut short, damaged or too large.
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeImageOptions = {},
): Promise<Image> {
  const { name = "image", maxPixels = MAX_PIXELS } = options;
  const fail = (found: string, cause?: unknown) =>
    new ImageError(`Cannot decode image "${name}": ${found}`, { cause });
  if (bytes.length === 0) throw fail("the file is empty");
  const header = readImageHeader(bytes);
  if (header === undefined) {
    const foreign = nameForeignFormat(bytes);
    throw fail(
      "expected a PNG, JPEG, WebP, GIF, BMP or TIFF file, got " +
        (foreign === undefined ? "unknown bytes" : `${foreign}`),
    );
  }
  const { format, size } = header;
  if (size === undefined) throw fail(`the ${FORMAT_NAME[format]} file ends early or is damaged`);
  const { height, width } = size;
  if (height < 1 || width < 1) throw fail(`its size is ${height}x${width} pixels`);
  if (height * width > maxPixels) {
    throw fail(`expected at most ${maxPixels} pixels, got ${height}x${width}`);
  }
  try {
    if (format === "png") return decodePng(bytes);
    if (format === "jpeg" && !hasEndOfJpeg(bytes)) throw new RangeError("the end is missing");
    if (format === "tiff") return (await import("./decode_tiff.ts")).decodeTiff(bytes);
    return await decodeByRuntime(bytes);
  } catch (cause) {
    const found = format === "png" || format === "tiff"
      ? (cause as Error).message
      : "it ends early or is damaged";
    throw fail(`the ${FORMAT_NAME[format]} file cannot be read: ${found}`, cause);
  }
}

const FORMAT_NAME: Readonly<Record<ImageFormat, string>> = {
  png: "PNG",
  jpeg: "JPEG",
  gif: "GIF",
  webp: "WebP",
  bmp: "BMP",
  tiff: "TIFF",
};

/** Looks for the end marker, which decoders do not insist on: half a photograph would turn gray. */
function hasEndOfJpeg(bytes: Uint8Array): boolean {
  // Files of some cameras carry further data behind the picture.
  return findLast(bytes, 0xff, 0xd9) > findLast(bytes, 0xff, 0xda);
}

function findLast(bytes: Uint8Array, first: number, second: number): number {
  let at = bytes.length;
  do at = bytes.lastIndexOf(second, at - 1); while (at > 0 && bytes[at - 1] !== first);
  return at;
}

/**
 * Decodes through the runtime's own `createImageBitmap`, which obeys EXIF rotation.
 *
 * An ImageBitmap does not hand out its pixels; a canvas turns it into a PNG without loss.
 */
async function decodeByRuntime(bytes: Uint8Array): Promise<Image> {
  const bitmap = await createImageBitmap(new Blob([Uint8Array.from(bytes)]));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(bitmap);
  const png = await canvas.convertToBlob({ type: "image/png" });
  return decodePng(new Uint8Array(await png.arrayBuffer()));
}
