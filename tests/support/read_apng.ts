import assert from "node:assert/strict";
import { decodePng } from "../../lib/image/decode_png.ts";
import { Image } from "../../lib/image/image.ts";
import { joinPngChunks, type PngChunk, readPngChunks } from "../../lib/image/png_chunks.ts";
import { words } from "./read_mp4.ts";

/** A composited frame of an animated PNG. */
export interface ApngFrame {
  readonly image: Image;
  /** Duration. */
  readonly seconds: number;
}

/** An animated PNG. */
export interface ReadApng {
  readonly frames: readonly ApngFrame[];
  /** 8-bit sRGB; undefined for truecolor. */
  readonly palette: Uint8Array | undefined;
  /** Bits per index or channel. */
  readonly depth: number;
}

/**
 * Reads an animated PNG and composites its frames.
 *
 * Source: PNG specification, third edition, Section 11.3.6.
 */
export function readApng(bytes: Uint8Array): ReadApng {
  const chunks = [...readPngChunks(bytes)];
  const header = chunks[0]!.data;
  const palette = chunks.find(({ type }) => type === "PLTE");
  const animation = chunks.find(({ type }) => type === "acTL")!.data;
  const canvas = decodePng(stillPng(chunks.filter(({ type }) => type !== "fdAT"))).image;
  const frames: ApngFrame[] = [];
  let sequence = 0;
  let control: DataView | undefined;
  const viewOf = ({ data }: PngChunk) => new DataView(data.buffer, data.byteOffset, data.length);
  for (const chunk of chunks) {
    const view = viewOf(chunk);
    if (chunk.type === "fcTL" || chunk.type === "fdAT") {
      assert.equal(view.getUint32(0), sequence++);
    }
    if (chunk.type === "fcTL") control = view;
    if (chunk.type !== "IDAT" && chunk.type !== "fdAT") continue;
    const [width, height, left, top] = [4, 8, 12, 16].map((offset) => control!.getUint32(offset));
    const size = header.slice();
    new DataView(size.buffer).setUint32(0, width!);
    new DataView(size.buffer).setUint32(4, height!);
    const data = chunk.type === "IDAT" ? chunk.data : chunk.data.subarray(4);
    const part = decodePng(joinPngChunks([
      { type: "IHDR", data: size },
      ...palette === undefined ? [] : [palette],
      { type: "IDAT", data },
    ])).image;
    for (let y = 0; y < height!; y++) {
      const row = part.data.subarray(y * width! * 4, (y + 1) * width! * 4);
      canvas.data.set(row, ((top! + y) * canvas.width + left!) * 4);
    }
    const seconds = control!.getUint16(20) / control!.getUint16(22);
    frames.push({ image: new Image(canvas, canvas.data.slice()), seconds });
  }
  const [count, repeats] = words(animation);
  assert.deepEqual([count, repeats], [frames.length, 0]);
  return { frames, palette: palette?.data, depth: header[8]! };
}

function stillPng(chunks: readonly PngChunk[]): Uint8Array {
  return joinPngChunks(chunks.filter(({ type }) => ["IHDR", "PLTE", "IDAT"].includes(type)));
}
