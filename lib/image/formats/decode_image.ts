import { convertToSrgb } from "../color_profile.ts";
import { nameForeignFile } from "./foreign_files.ts";
import type { Image, ImageSize } from "../image.ts";
import type { DecodedImage, ImageFormat } from "../image_format.ts";
import { imageFormatNames, imageFormatOf } from "./image_formats.ts";
import { orientImage } from "../orientation.ts";

/** A file that is no image, or that is damaged. Trying again does not help. */
export class ImageError extends SyntaxError {
  /** Name of the class, as it is printed. */
  override readonly name = "ImageError";
}

/** Options of {@linkcode decodeImage}. */
export interface DecodeImageOptions {
  /** What errors call the file, such as its path. Default: "image". */
  readonly name?: string;
  /** The maximum number of pixels; a file that declares more is refused. Default: 2^26. */
  readonly maxPixels?: number;
  /** Called with what was repaired, ignored or left out, one sentence each. Default: ignored. */
  readonly onNote?: (note: string) => void;
}

/** 8192 x 8192 pixels: 256 MiB decoded. */
const MAX_PIXELS = 2 ** 26;
/** The maximum height and width: that of JPEG. */
const MAX_LENGTH = 2 ** 16 - 1;

/**
 * Reads a PNG, JPEG, WebP, GIF, BMP or TIFF file, whatever its name is; of an animation the first
 * frame, of several pages the first.
 *
 * A JPEG file of up to twice `maxPixels` is read at half its height and width.
 *
 * For every format, EXIF orientation is applied and colors are converted to sRGB. The sizes of the
 * canvas and of all frames are checked before anything is decoded.
 *
 * @throws {ImageError} If the file is empty, no image, cut short, damaged or too large.
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeImageOptions = {},
): Promise<Image> {
  const { name = "image", maxPixels = MAX_PIXELS, onNote } = options;
  const fail = (found: string, cause?: unknown) =>
    new ImageError(`Cannot decode image "${name}": ${found}`, { cause });
  if (bytes.length === 0) throw fail("the file is empty");
  const format = imageFormatOf(bytes);
  if (format === undefined) {
    const foreign = nameForeignFile(bytes) ?? "unknown bytes";
    throw fail(`expected a ${imageFormatNames()} file, got ${foreign}`);
  }
  try {
    checkSizes(format, bytes, maxPixels);
    const { image, notes } = await applyMetadata(await format.decode(bytes, maxPixels));
    for (const note of notes) onNote?.(`Image "${name}": ${note}`);
    return image;
  } catch (cause) {
    throw fail(`the ${format.name} file cannot be read: ${reasonOf(cause)}`, cause);
  }
}

function checkSizes(format: ImageFormat, bytes: Uint8Array, maxPixels: number): void {
  const check = ({ height, width }: ImageSize) => {
    if (height < 1 || width < 1) throw new SyntaxError(`its size is ${height}x${width} pixels`);
    if (height * width > (format.canHalve ? 2 : 1) * maxPixels) {
      throw new SyntaxError(`expected at most ${maxPixels} pixels, got ${height}x${width}`);
    }
    if (height > MAX_LENGTH || width > MAX_LENGTH) {
      throw new SyntaxError(`expected at most ${MAX_LENGTH} pixels a side, got ${height}x${width}`);
    }
  };
  for (const size of format.sizes(bytes)) check(size);
}

/** Applies orientation and profile, and lists what was done. */
async function applyMetadata(
  { image, orientation = 1, profile, frames = 1, notes = [] }: DecodedImage,
): Promise<{ image: Image; notes: readonly string[] }> {
  const more = frames > 1 ? [`the first of its ${frames} images is used`] : [];
  const upright = orientImage(image, orientation);
  if (profile === undefined) return { image: upright, notes: [...notes, ...more] };
  const converted = await convertToSrgb(upright, profile);
  return { image: converted.image, notes: [...notes, ...more, ...converted.notes] };
}

/** Our own errors tell the reason; those of decoders are in their own words. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const isOurs = cause instanceof SyntaxError || /^its? /.test(cause.message);
  return isOurs ? cause.message : "it ends early or is damaged";
}
