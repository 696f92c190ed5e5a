import type { ColorProfile } from "./color_profile.ts";
import type { Image, ImageSize } from "./image.ts";

/** A format of image files. A new one is one file and one line in `image_formats.ts`. */
export interface ImageFormat {
  /** Name for messages, such as "PNG". */
  readonly name: string;
  /** File extensions in lower case with their dot, the usual one first. */
  readonly extensions: readonly string[];
  /** Returns whether a file is of this format, by its first bytes. */
  sniff(bytes: Uint8Array): boolean;
  /**
   * Returns every size that the file declares, of the canvas and of all frames, decoding nothing.
   * All of them are checked before `decode` is called.
   *
   * @throws {RangeError} If the file ends early.
   * @throws {SyntaxError} If it is damaged, with the bare reason as its message.
   */
  sizes(bytes: Uint8Array): Iterable<ImageSize>;
  /**
   * Reads the first frame or page.
   *
   * @param maxPixels The maximum number of pixels of the result.
   * @throws {Error} If the file is damaged or unsupported, with the bare reason as its message.
   */
  decode(bytes: Uint8Array, maxPixels: number): Promise<DecodedImage> | DecodedImage;
  /** Whether `decode` halves images of more than `maxPixels` pixels. Default: false. */
  readonly canHalve?: boolean;
  /** Writes files; undefined if the format can only be read. */
  readonly encoder?: ImageEncoder;
}

/** An image as it is stored, and what is still to be applied to it. */
export interface DecodedImage {
  /** The stored pixels. */
  readonly image: Image;
  /** EXIF orientation, 1 to 8; see {@linkcode orientImage}. Default: 1, upright. */
  readonly orientation?: number;
  /** Color space of the pixels. Default: sRGB. */
  readonly profile?: ColorProfile | undefined;
  /** Number of frames or pages in the file, of which the first was read. Default: 1. */
  readonly frames?: number;
  /** What was repaired or left out, one sentence each. */
  readonly notes?: readonly string[];
}

/** Writes images in one format. */
export interface ImageEncoder {
  /** The maximum number of palette colors that can be written as indices; 0 if none can. */
  readonly maxIndexedColors: number;
  /** Writes an image in true color. */
  encode(image: Image): Uint8Array<ArrayBuffer>;
  /**
   * Writes palette indices, with the palette as it is.
   *
   * @param indices Palette index of each pixel, shape [H, W].
   * @param colors 8-bit sRGB, shape [K, 3], K in [1, maxIndexedColors].
   * @param options.hasTransparentIndex Whether index K is transparent; it counts as a color.
   */
  encodeIndexed(
    size: ImageSize,
    indices: ArrayLike<number>,
    colors: Uint8Array,
    options?: { readonly hasTransparentIndex?: boolean },
  ): Uint8Array<ArrayBuffer>;
}
