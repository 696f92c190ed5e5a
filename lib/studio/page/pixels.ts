/// <reference lib="dom" />
import type { PictureState } from "../protocol/studio_api.ts";

/** A picture as the page draws it. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  /** Palette index of each pixel, row by row. */
  readonly indices: Uint8Array;
  /** Colors as "#rrggbb" or, for a transparent one, "#rrggbb00". */
  readonly colors: readonly string[];
}

/** Decodes base64. */
export function decodeBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Returns the four channels of a color. */
function channelsOf(color: string): [number, number, number, number] {
  const at = (start: number) => parseInt(color.slice(start, start + 2) || "ff", 16);
  return [at(1), at(3), at(5), at(7)];
}

/** Returns a picture as RGBA, 4 bytes a pixel. An index beyond the palette is transparent. */
export function toRgba({ indices, colors }: Pixels): Uint8ClampedArray<ArrayBuffer> {
  const table = new Uint32Array(256);
  const bytes = new Uint8Array(table.buffer);
  for (const [i, color] of colors.entries()) bytes.set(channelsOf(color), i * 4);
  const words = new Uint32Array(indices.length);
  for (let i = 0; i < indices.length; i++) words[i] = table[indices[i]!]!;
  return new Uint8ClampedArray(words.buffer);
}

/** Returns the pixels of a picture of a job. */
export function pixelsOf({ height, width, colors, indices }: PictureState): Pixels {
  return { height, width, colors, indices: decodeBase64(indices) };
}

/** Encodes a picture as a PNG at its size. */
export async function pngOf(pixels: Pixels): Promise<Blob> {
  const { height, width } = pixels;
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")!.putImageData(new ImageData(toRgba(pixels), width, height), 0, 0);
  return await canvas.convertToBlob({ type: "image/png" });
}
