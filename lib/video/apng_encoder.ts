import { indexedPngChunks, pngChunks } from "../image/encode_png.ts";
import { enlargeIndices } from "../image/enlarge_nearest.ts";
import { Image, type ImageSize } from "../image/image.ts";
import { encodePngChunk, PNG_SIGNATURE, type PngChunk } from "../image/png_chunks.ts";
import type { Palette } from "../palette/palette.ts";
import { type Box, changedBox, cropPixels } from "./dirty_rectangle.ts";
import type { FrameEncoder } from "./frame_encoder.ts";
import { type FrameRun, FrameRuns } from "./coalesced_frames.ts";
import type { AtomicFile } from "../files/atomic_file.ts";

/** Options of {@linkcode ApngEncoder}. */
export interface ApngEncoderOptions {
  /** Size of the picture. */
  readonly size: ImageSize;
  /** The colors, at most 256, if pixels are palette indices; else pixels are bytes of colors. */
  readonly palette: Palette | undefined;
  /** Integer factor of enlargement. */
  readonly factor: number;
  /** Frames a second, an integer. */
  readonly fps: number;
}

/**
 * Bits an index. Fewer would do for most palettes and save little, but FFmpeg 5.1, and so many
 * players, draw a frame that is smaller than the first one as stripes then.
 */
const INDEX_BITS = 8;

/**
 * Encodes frames as an animated PNG that repeats for ever, without loss.
 *
 * With a palette, its order, duplicates and unused colors stay. Of each frame only the rectangle
 * that changed is written. Source: PNG specification, third edition, section 11.3.6. It needs no
 * permission of its own.
 */
export class ApngEncoder implements FrameEncoder {
  readonly #file: Pick<AtomicFile, "write">;
  readonly #options: ApngEncoderOptions;
  readonly #runs = new FrameRuns({ tickOf: (frame) => frame, minimum: 1, maximum: 2 ** 16 - 1 });
  #shown: Uint32Array<ArrayBuffer> | undefined;
  /** Offset of the chunk that counts the frames, in bytes. */
  #countOffset = 0;
  #frames = 0;
  #sequence = 0;

  /** Begins a file, which is borrowed. */
  constructor(file: Pick<AtomicFile, "write">, options: ApngEncoderOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Encodes a frame, shape [H, W]. */
  async add(pixels: Uint32Array<ArrayBuffer>): Promise<void> {
    const run = this.#runs.add(pixels);
    if (run !== undefined) await this.#write(run);
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    const run = this.#runs.finish();
    if (run !== undefined) await this.#write(run);
    await this.#writeChunk({ type: "IEND", data: new Uint8Array() });
    await this.#file.write(encodePngChunk(countChunk(this.#frames)), this.#countOffset);
  }

  /** Does nothing: there is only memory to free. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #write({ pixels, ticks }: FrameRun): Promise<void> {
    const box = changedBox(this.#options.size, this.#shown, pixels);
    const chunks = this.#encode(box, pixels);
    if (this.#shown === undefined) await this.#writeHeader(chunks);
    await this.#writeChunk(this.#controlChunk(box, ticks));
    for (const chunk of chunks.filter(({ type }) => type === "IDAT")) {
      await this.#writeChunk(this.#shown === undefined ? chunk : this.#dataChunk(chunk.data));
    }
    this.#shown = pixels;
    this.#frames++;
  }

  #encode(box: Box, pixels: Uint32Array<ArrayBuffer>): PngChunk[] {
    const { size, palette, factor } = this.#options;
    const large = enlargeIndices(box, cropPixels(size, pixels, box), factor);
    const largeSize = { height: box.height * factor, width: box.width * factor };
    if (palette !== undefined) {
      return indexedPngChunks(largeSize, large, palette.colors, { minDepth: INDEX_BITS });
    }
    return pngChunks(new Image(largeSize, new Uint8Array(large.buffer)));
  }

  async #writeHeader(chunks: readonly PngChunk[]): Promise<void> {
    const [header, ...others] = chunks.filter(({ type }) => type !== "IDAT");
    const start = encodePngChunk(header!);
    await this.#file.write(PNG_SIGNATURE);
    await this.#file.write(start);
    this.#countOffset = PNG_SIGNATURE.length + start.length;
    // The number of frames is known at the end and then written over this one.
    await this.#writeChunk(countChunk(0));
    for (const chunk of others) await this.#writeChunk(chunk);
  }

  async #writeChunk(chunk: PngChunk): Promise<void> {
    await this.#file.write(encodePngChunk(chunk));
  }

  /** Says where a frame lies and how long it is shown. It replaces what lies there. */
  #controlChunk(box: Box, ticks: number): PngChunk {
    const { factor, fps } = this.#options;
    const data = new Uint8Array(26);
    const view = new DataView(data.buffer);
    const places = [box.width, box.height, box.left, box.top].map((length) => length * factor);
    [this.#sequence++, ...places].forEach((value, i) => view.setUint32(i * 4, value));
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

/** Says how many frames there are, and that they are repeated for ever. */
function countChunk(frames: number): PngChunk {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setUint32(0, frames);
  return { type: "acTL", data };
}
