import { enlargeIndices } from "../../image/enlarge_nearest.ts";
import type { Rgb } from "../../image/image.ts";
import type { Palette } from "../../palette/palette.ts";
import { type CoalescedFrame, FrameCoalescer } from "../coalesced_frames.ts";
import { cropPixels, dirtyRectangle } from "../dirty_rectangle.ts";
import type { FrameEncoder, FrameEncoderOptions, VideoFile, VideoFormat } from "../video_format.ts";

/** An animated GIF: exactly the palette's colors, repeated endlessly. */
export const GIF: VideoFormat = {
  name: "gif",
  title: "GIF",
  extensions: [".gif"],
  maxIndexedColors: 256,
  hasAnyColor: false,
  needsEvenFactor: false,
  open: (file, options) => GifEncoder.open(file, options),
};

/** The part of gifenc that is used; the package has no types. */
interface Gif {
  writeHeader(): void;
  writeFrame(pixels: Uint8Array, width: number, height: number, options: GifFrameOptions): void;
  finish(): void;
  bytesView(): Uint8Array;
  readonly stream: { reset(): void };
}

interface GifFrameOptions {
  /** Whether the frame is the first, which writes the color table. */
  readonly first: boolean;
  readonly palette: readonly Rgb[] | null;
  /** Milliseconds. */
  readonly delay: number;
  /** Bits of an index. */
  readonly colorDepth: number;
  /** How often the file repeats; 0 is endless. */
  readonly repeat: number;
  /** Whether an index is transparent. The frame is then cleared before the next one. */
  readonly transparent: boolean;
  readonly transparentIndex: number;
}

/** A tick is 1/100 s. Browsers slow down frames shorter than two ticks. */
const TICKS_PER_SECOND = 100;
const MIN_TICKS = 2;
const MAX_TICKS = 2 ** 16 - 1;

/** The entry of the color table that a transparent index has. */
const BLACK: Rgb = [0, 0, 0];

/** Offset of a frame's position in bytes from its start. Source: GIF89a, sections 20 and 23. */
const POSITION_OFFSET = 9;

/**
 * Encodes palette indices as an animated GIF. The palette becomes its color table, in its order.
 *
 * Of each frame only the rectangle that changed is written; if an index is transparent, the whole
 * frame, since transparent pixels would show the frame before. Times are rounded to 1/100 s; the
 * whole keeps its length. Above 50 frames a second, some frames are dropped.
 */
class GifEncoder implements FrameEncoder {
  readonly #file: VideoFile;
  readonly #gif: Gif;
  readonly #options: FrameEncoderOptions;
  readonly #coalescer: FrameCoalescer;
  #shown: Uint32Array<ArrayBuffer> | undefined;

  private constructor(file: VideoFile, gif: Gif, options: FrameEncoderOptions) {
    this.#file = file;
    this.#gif = gif;
    this.#options = options;
    this.#coalescer = new FrameCoalescer({
      tickOf: (frame) => Math.round(frame * TICKS_PER_SECOND / options.fps),
      minTicks: MIN_TICKS,
      maxTicks: MAX_TICKS,
    });
  }

  /** Begins a file, which is borrowed. */
  static async open(file: VideoFile, options: FrameEncoderOptions): Promise<GifEncoder> {
    const { default: library } = await import("npm:gifenc@1.0.3");
    return new GifEncoder(file, library.GIFEncoder({ auto: false }), options);
  }

  /** Encodes a frame of palette indices, shape [H, W]. */
  async add(pixels: Uint32Array<ArrayBuffer>): Promise<void> {
    const frame = this.#coalescer.add(pixels);
    if (frame !== undefined) await this.#write(frame);
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    const frame = this.#coalescer.finish();
    if (frame !== undefined) await this.#write(frame);
    this.#gif.finish();
    await this.#flush();
  }

  /** Does nothing: there is only memory to free. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #write({ pixels, ticks }: CoalescedFrame): Promise<void> {
    const { size, palette, layout: { factor }, hasTransparentIndex } = this.#options;
    const isFirst = this.#shown === undefined;
    const shown = hasTransparentIndex ? undefined : this.#shown;
    const rectangle = dirtyRectangle(size, shown, pixels);
    const colors = hasTransparentIndex ? [...colorsOf(palette!), BLACK] : colorsOf(palette!);
    const large = enlargeIndices(rectangle, cropPixels(size, pixels, rectangle), factor);
    if (isFirst) this.#gif.writeHeader();
    this.#gif.writeFrame(
      Uint8Array.from(large),
      rectangle.width * factor,
      rectangle.height * factor,
      {
        first: isFirst,
        palette: isFirst ? colors : null,
        delay: ticks * (1000 / TICKS_PER_SECOND),
        colorDepth: Math.max(1, Math.ceil(Math.log2(colors.length))),
        repeat: 0,
        transparent: hasTransparentIndex,
        transparentIndex: palette!.size,
      },
    );
    if (!isFirst) this.#moveTo(rectangle.left * factor, rectangle.top * factor);
    this.#shown = pixels;
    await this.#flush();
  }

  /** Sets the position of the last frame, since gifenc writes it as 0, 0. */
  #moveTo(left: number, top: number): void {
    const { buffer, byteOffset } = this.#gif.bytesView();
    const view = new DataView(buffer, byteOffset);
    view.setUint16(POSITION_OFFSET, left, true);
    view.setUint16(POSITION_OFFSET + 2, top, true);
  }

  /** Writes the encoder's bytes to the file and empties it. */
  async #flush(): Promise<void> {
    await this.#file.write(this.#gif.bytesView());
    this.#gif.stream.reset();
  }
}

function colorsOf(palette: Palette): Rgb[] {
  return Array.from({ length: palette.size }, (_, index) => palette.at(index));
}
