/** Red, green and blue, each an integer in [0, 255], sRGB. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Height and width of an image. */
export interface ImageSize {
  /** Height in pixels. */
  readonly height: number;
  /** Width in pixels. */
  readonly width: number;
}

/** Formats a size as height and width, as flags take it: "32,48". */
export function sizeText({ height, width }: ImageSize): string {
  return `${height},${width}`;
}

/** An image of 8 bits per channel: sRGB with straight (not premultiplied) alpha. */
export class Image implements ImageSize {
  /** Height in pixels. */
  readonly height: number;
  /** Width in pixels. */
  readonly width: number;
  /** Values in [0, 255], shape [H, W, 4], row by row from the top: red, green, blue, alpha. */
  readonly data: Uint8Array;

  /**
   * Wraps pixel data; the data is not copied.
   *
   * @param data Shape [H, W, 4]. Default: transparent black.
   * @throws {RangeError} If the size is not positive or the length of `data` differs.
   */
  constructor(size: ImageSize, data?: Uint8Array) {
    const { height, width } = size;
    if (!Number.isInteger(height) || !Number.isInteger(width) || height < 1 || width < 1) {
      throw new RangeError(
        `Cannot create image: expected a height and width of 1 pixel or more, got ${height}x${width}`,
      );
    }
    const byteLength = height * width * 4;
    if (data !== undefined && data.length !== byteLength) {
      throw new RangeError(
        `Cannot create image of ${height}x${width}: expected ${byteLength} bytes, got ${data.length}`,
      );
    }
    this.height = height;
    this.width = width;
    this.data = data ?? new Uint8Array(byteLength);
  }

  /** Creates an image of one opaque color. */
  static filled(size: ImageSize, color: Rgb): Image {
    const image = new Image(size);
    for (let i = 0; i < image.data.length; i += 4) image.data.set([...color, 255], i);
    return image;
  }

  /**
   * Creates an opaque image from floats, which are clamped and rounded to 8 bits.
   *
   * @param values sRGB in [0, 1], shape [H, W, 3]. NaN becomes 0.
   */
  static fromFloats(size: ImageSize, values: ArrayLike<number>): Image {
    const image = new Image(size);
    const expected = size.height * size.width * 3;
    if (values.length !== expected) {
      throw new RangeError(
        `Cannot create image of ${size.height}x${size.width} from floats: ` +
          `expected ${expected} values, got ${values.length}`,
      );
    }
    for (let i = 0, j = 0; i < expected; i += 3, j += 4) {
      for (let c = 0; c < 3; c++) image.data[j + c] = toByte(values[i + c]!);
      image.data[j + 3] = 255;
    }
    return image;
  }

  /**
   * Creates an opaque image from palette indices.
   *
   * @param indices Palette index of each pixel, shape [H, W].
   * @param colors Palette, 8-bit sRGB, shape [K, 3].
   * @throws {RangeError} If an index is not below K.
   */
  static fromIndices(size: ImageSize, indices: ArrayLike<number>, colors: Uint8Array): Image {
    const image = new Image(size);
    const count = colors.length / 3;
    for (let i = 0; i < size.height * size.width; i++) {
      const index = indices[i] ?? -1;
      if (!(index >= 0 && index < count)) {
        throw new RangeError(
          `Cannot color pixel ${i}: expected a palette index below ${count}, got ${indices[i]}`,
        );
      }
      image.data.set(colors.subarray(index * 3, index * 3 + 3), i * 4);
      image.data[i * 4 + 3] = 255;
    }
    return image;
  }

  /** Returns the colors as sRGB floats in [0, 1], shape [H, W, 3]; alpha is ignored. */
  toFloats(): Float32Array {
    const values = new Float32Array(this.height * this.width * 3);
    for (let i = 0, j = 0; j < this.data.length; i += 3, j += 4) {
      for (let c = 0; c < 3; c++) values[i + c] = this.data[j + c]! / 255;
    }
    return values;
  }

  /** Returns whether any pixel is not fully opaque. */
  isTransparent(): boolean {
    for (let i = 3; i < this.data.length; i += 4) if (this.data[i] !== 255) return true;
    return false;
  }
}

function toByte(value: number): number {
  return value > 0 ? Math.min(255, Math.round(value * 255)) : 0;
}
