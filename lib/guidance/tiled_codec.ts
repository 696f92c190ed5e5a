import { type Tile, tilesAlong } from "../constraint/tile.ts";
import { Image, type ImageSize } from "../image/image.ts";
import { gridOf, rollPlanes, type Shift } from "./latent_grid.ts";
import type { ImageCodec } from "./projected_sampling.ts";

/**
 * Makes a decoder treat latents as ones that continue at their opposite border.
 *
 * A network of convolutions pads the border with zeros. So latents are also rolled by half an axis,
 * and each pixel is blended from the results, by its distance to the border in each.
 *
 * @param shape Shape of the latents, [1, C, h, w].
 */
export function tiledDecode(
  decode: ImageCodec["decode"],
  shape: readonly number[],
  tile: Tile,
): ImageCodec["decode"] {
  if (tile === "none") return decode;
  const latentSize = gridOf(shape);
  return async (latents) => {
    const parts: Part[] = [];
    let size = latentSize;
    for (const share of shiftsOf(tile)) {
      const image = await decode(rollPlanes(latents, latentSize, cells(share, latentSize)));
      size = { height: image.height, width: image.width };
      parts.push({ share, values: Float32Array.from(image.data) });
    }
    return new Image(size, Uint8Array.from(blend(parts, size, { tile, channels: 4 }), Math.round));
  };
}

/** Makes an encoder treat an image as one that continues at its opposite border. */
export function tiledEncode(
  encode: ImageCodec["encode"],
  shape: readonly number[],
  tile: Tile,
): ImageCodec["encode"] {
  if (tile === "none") return encode;
  return async (image) => {
    const parts: Part[] = [];
    for (const share of shiftsOf(tile)) {
      parts.push({ share, values: await encode(rollImage(image, cells(share, image))) });
    }
    return blend(parts, gridOf(shape), { tile, channels: 1 });
  };
}

/** A result, rolled by a share of each axis. */
interface Part {
  readonly share: Shift;
  readonly values: Float32Array;
}

function shiftsOf(tile: Tile): Shift[] {
  const ys = tilesAlong(tile, "y") ? [0, 0.5] : [0];
  const xs = tilesAlong(tile, "x") ? [0, 0.5] : [0];
  return ys.flatMap((y) => xs.map((x) => ({ y, x })));
}

function cells({ y, x }: Shift, { height, width }: ImageSize): Shift {
  return { y: Math.round(y * height), x: Math.round(x * width) };
}

/**
 * Rolls results back, and blends them: the weight of a cell along an axis falls from 1 in the
 * middle of a result to 0 at its border. The weights of all results add up to 1.
 *
 * @param options.channels Values of a cell that lie side by side.
 */
function blend(
  parts: readonly Part[],
  size: ImageSize,
  { tile, channels }: { readonly tile: Tile; readonly channels: number },
): Float32Array<ArrayBuffer> {
  const { height, width } = size;
  const sum = new Float32Array(parts[0]!.values.length);
  for (const { share, values } of parts) {
    const { y: dy, x: dx } = cells(share, size);
    for (let i = 0; i < sum.length; i++) {
      const [cell, channel] = [Math.floor(i / channels), i % channels];
      const plane = Math.floor(cell / (height * width));
      const row = (Math.floor(cell / width) + dy) % height;
      const column = (cell % width + dx) % width;
      const weight = (tilesAlong(tile, "y") ? centrality(row, height) : 1) *
        (tilesAlong(tile, "x") ? centrality(column, width) : 1);
      const from = ((plane * height + row) * width + column) * channels + channel;
      sum[i]! += weight * values[from]!;
    }
  }
  return sum;
}

/** Returns 1 in the middle of an axis, 0 at its ends; two that are half an axis apart sum to 1. */
function centrality(index: number, count: number): number {
  return 1 - Math.abs(2 * (index + 0.5) / count - 1);
}

function rollImage(image: Image, { y: dy, x: dx }: Shift): Image {
  const { height, width, data } = image;
  const rolled = new Image(image);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4;
      const to = ((y + dy) % height * width + (x + dx) % width) * 4;
      rolled.data.set(data.subarray(from, from + 4), to);
    }
  }
  return rolled;
}
