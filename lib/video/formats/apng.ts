import { indexedPngChunks, MAX_INDEXED_COLORS, pngChunks } from "../../image/encode_png.ts";
import { enlargeIndices } from "../../image/enlarge_nearest.ts";
import { Image } from "../../image/image.ts";
import { encodePngChunk, PNG_SIGNATURE, type PngChunk } from "../../image/png_chunks.ts";
import { type CoalescedFrame, FrameCoalescer } from "../coalesced_frames.ts";
import { cropPixels, dirtyRectangle, type FrameRectangle } from "../dirty_rectangle.ts";
import type { FrameEncoder, FrameEncoderOptions, VideoFile, VideoFormat } from "../video_format.ts";

/** An animated PNG, lossless, with or without a palette, repeated endlessly. */
export const APNG: VideoFormat = {
  name: "apng",
  title: "APNG",
  extensions: [".png", ".apng"],
  maxIndexedColors: MAX_INDEXED_COLORS,
  hasAnyColor: true,
  needsEvenFactor: false,
  open: (file, options) => Promise.resolve(new ApngEncoder(file, options)),
};

/**
 * Bits per index. Most palettes need fewer, but then FFmpeg 5.1, and many players with it, draws
 * frames that are smaller than the first one as stripes.
 */
const INDEX_BITS = 8;

/**
 * Encodes frames as an animated PNG.
 *
 * A palette keeps its order, duplicates and unused colors. Of each frame only the rectangle that
 * changed is written. Source: PNG specification, third edition, section 11.3.6.
 */
class ApngEncoder implements FrameEncoder {
  readonly #file: VideoFile;
  readonly #options: FrameEncoderOptions;
  readonly #coalescer = new FrameCoalescer({
    tickOf: (frame) => frame,
    minTicks: 1,
    maxTicks: 2 ** 16 - 1,
  });
  #shown: Uint32Array<ArrayBuffer> | undefined;
  /** Offset of the chunk that counts the frames, in bytes. */
  #countOffset = 0;
  #frames = 0;
  #sequence = 0;

  /** Begins a file, which is borrowed. */
  constructor(file: VideoFile, options: FrameEncoderOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Encodes a frame, shape [H, W]. */
  async add(pixels: Uint32Array<ArrayBuffer>): Promise<void> {
    const frame = this.#coalescer.add(pixels);
    if (frame !== undefined) await this.#write(frame);
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    const frame = this.#coalescer.finish();
    if (frame !== undefined) await this.#write(frame);
    await this.#writeChunk({ type: "IEND", data: new Uint8Array() });
    await this.#file.write(encodePngChunk(countChunk(this.#frames)), this.#countOffset);
  }

  /** Does nothing: there is only memory to free. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #write({ pixels, ticks }: CoalescedFrame): Promise<void> {
    const rectangle = dirtyRectangle(this.#options.size, this.#shown, pixels);
    const chunks = this.#encode(rectangle, pixels);
    if (this.#shown === undefined) await this.#writeHeader(chunks);
    await this.#writeChunk(this.#controlChunk(rectangle, ticks));
    for (const chunk of chunks.filter(({ type }) => type === "IDAT")) {
      await this.#writeChunk(this.#shown === undefined ? chunk : this.#dataChunk(chunk.data));
    }
    this.#shown = pixels;
    this.#frames++;
  }

  #encode(rectangle: FrameRectangle, pixels: Uint32Array<ArrayBuffer>): PngChunk[] {
    const { size, palette, layout: { factor }, hasTransparentIndex } = this.#options;
    const large = enlargeIndices(rectangle, cropPixels(size, pixels, rectangle), factor);
    const largeSize = { height: rectangle.height * factor, width: rectangle.width * factor };
    if (palette !== undefined) {
      return indexedPngChunks(largeSize, large, palette.colors, {
        minDepth: INDEX_BITS,
        hasTransparentIndex,
      });
    }
    return pngChunks(new Image(largeSize, new Uint8Array(large.buffer)));
  }

  async #writeHeader(chunks: readonly PngChunk[]): Promise<void> {
    const [header, ...others] = chunks.filter(({ type }) => type !== "IDAT");
    const start = encodePngChunk(header!);
    await this.#file.write(PNG_SIGNATURE);
    await this.#file.write(start);
    this.#countOffset = PNG_SIGNATURE.length + start.length;
    // The number of frames is known at the end, when this chunk is overwritten.
    await this.#writeChunk(countChunk(0));
    for (const chunk of others) await this.#writeChunk(chunk);
  }

  async #writeChunk(chunk: PngChunk): Promise<void> {
    await this.#file.write(encodePngChunk(chunk));
  }

  /** Makes the chunk with position and duration of a frame, which replaces what lies there. */
  #controlChunk(rectangle: FrameRectangle, ticks: number): PngChunk {
    const { layout: { factor }, fps } = this.#options;
    const data = new Uint8Array(26);
    const view = new DataView(data.buffer);
    const geometry = [rectangle.width, rectangle.height, rectangle.left, rectangle.top].map((
      length,
    ) => length * factor);
    [this.#sequence++, ...geometry].forEach((value, i) => view.setUint32(i * 4, value));
    view.setUint16(20, ticks);
    view.setUint16(22, fps);
    return { type: "fcTL", data };
  }

  #dataChunk(compressed: Uint8Array): PngChunk {
    const data = new Uint8Array(4 + compressed.length);
    new DataView(data.buffer).setUint32(0, this.#sequence++);
    data.set(compressed, 4);
    return { type: "fdAT", data };
  }
}

/** Makes the chunk with the number of frames, which repeat endlessly. */
function countChunk(frames: number): PngChunk {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setUint32(0, frames);
  return { type: "acTL", data };
}
