import { Image, type ImageSize, type Rgb } from "../../image/image.ts";

/**
 * The color map viridis at 0, 1/15 … 1. Its lightness grows evenly.
 *
 * Source: N. Smith and S. van der Walt, https://bids.github.io/colormap (CC0).
 */
const ANCHORS = [
  0x440154,
  0x481a6c,
  0x472f7d,
  0x414487,
  0x39568c,
  0x31688e,
  0x2a788e,
  0x23888e,
  0x1f988b,
  0x22a884,
  0x35b779,
  0x54c568,
  0x7ad151,
  0xa5db36,
  0xd2e21b,
  0xfde725,
];

/**
 * Returns a color between dark violet at 0 and bright yellow at 1.
 *
 * @param value Clamped to [0, 1]; NaN counts as 0.
 */
export function viridis(value: number): Rgb {
  const position = (value > 0 ? Math.min(1, value) : 0) * (ANCHORS.length - 1);
  const index = Math.min(ANCHORS.length - 2, Math.floor(position));
  const channel = (shift: number) => {
    const [from, to] = [(ANCHORS[index]! >> shift) & 255, (ANCHORS[index + 1]! >> shift) & 255];
    return Math.round(from + (position - index) * (to - from));
  };
  return [channel(16), channel(8), channel(0)];
}

/**
 * Draws one number per pixel in the colors of {@linkcode viridis}.
 *
 * @param values Shape [H, W], in [0, 1].
 */
export function viridisImage(size: ImageSize, values: ArrayLike<number>): Image {
  const image = new Image(size);
  const count = size.height * size.width;
  if (values.length !== count) {
    throw new RangeError(
      `Cannot draw map of ${size.height}x${size.width}: expected ${count} values, got ${values.length}`,
    );
  }
  for (let i = 0; i < count; i++) image.data.set([...viridis(values[i]!), 255], i * 4);
  return image;
}
