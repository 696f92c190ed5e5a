import { enlargeIndices } from "../image/enlarge_nearest.ts";
import type { ImageSize, Rgb } from "../image/image.ts";
import type { Palette } from "../palette/palette.ts";
import { changedBox, cropPixels } from "./dirty_rectangle.ts";
import type { FrameEncoder } from "./frame_encoder.ts";
import { type FrameRun, FrameRuns } from "./coalesced_frames.ts";
import type { AtomicFile } from "../files/atomic_file.ts";

/** Options of {@linkcode GifEncoder.open}. */
export interface GifEncoderOptions {
  /** Size of the picture. */
  readonly size: ImageSize;
  /** The colors, at most 256. They become the file's table in their order. */
  readonly palette: Palette;
  /** Integer factor of enlargement. */
  readonly factor: number;
  /** Frames a second. */
  readonly fps: number;
}

/** The part of gifenc that is used; it comes without types. */
interface Gif {
  writeHeader(): void;
  writeFrame(pixels: Uint8Array, width: number, height: number, options: GifFrameOptions): void;
  finish(): void;
  bytesView(): Uint8Array;
  readonly stream: { reset(): void };
}

interface GifFrameOptions {
  /** Whether the frame begins the file, which then gets the table of colors. */
  readonly first: boolean;
  readonly palette: readonly Rgb[] | null;
  /** Milliseconds. */
  readonly delay: number;
  /** Bits of an index. */
  readonly colorDepth: number;
  /** How often the file is repeated; 0 is for ever. */
  readonly repeat: number;
}

/** A tick is 1/100 s. Browsers slow down frames that are shorter than two. */
const TICKS_A_SECOND = 100;
const MINIMUM_TICKS = 2;
const MAXIMUM_TICKS = 2 ** 16 - 1;

/** Where a frame's place is, in bytes from its start. Source: GIF89a, sections 20 and 23. */
const PLACE_OFFSET = 9;

/**
 * Encodes palette indices as an animated GIF that repeats for ever, in exactly the palette's colors.
 *
 * Of each frame only the rectangle that changed is written. Times are rounded to 1/100 s such that the whole keeps its length; above 50 frames a second some
 * are left out. It needs no permission of its own.
 */
export class GifEncoder implements FrameEncoder {
  readonly #file: Pick<AtomicFile, "write">;
  readonly #gif: Gif;
  readonly #options: GifEncoderOptions;
  readonly #runs: FrameRuns;
  #shown: Uint32Array<ArrayBuffer> | undefined;

  private constructor(file: Pick<AtomicFile, "write">, gif: Gif, options: GifEncoderOptions) {
    this.#file = file;
    this.#gif = gif;
    this.#options = options;
    this.#runs = new FrameRuns({
      tickOf: (frame) => Math.round(frame * TICKS_A_SECOND / options.fps),
      minimum: MINIMUM_TICKS,
      maximum: MAXIMUM_TICKS,
    });
  }

  /** Begins a file, which is borrowed. */
  static async open(
    file: Pick<AtomicFile, "write">,
    options: GifEncoderOptions,
  ): Promise<GifEncoder> {
    const { default: library } = await import("npm:gifenc@1.0.3");
    return new GifEncoder(file, library.GIFEncoder({ auto: false }), options);
  }

  /** Encodes a frame of palette indices, shape [H, W]. */
  async add(pixels: Uint32Array<ArrayBuffer>): Promise<void> {
    const run = this.#runs.add(pixels);
    if (run !== undefined) await this.#write(run);
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    const run = this.#runs.finish();
    if (run !== undefined) await this.#write(run);
    this.#gif.finish();
    await this.#flush();
  }

  /** Does nothing: there is only memory to free. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #write({ pixels, ticks }: FrameRun): Promise<void> {
    const { size, palette, factor } = this.#options;
    const isFirst = this.#shown === undefined;
    const box = changedBox(size, this.#shown, pixels);
    const large = enlargeIndices(box, cropPixels(size, pixels, box), factor);
    if (isFirst) this.#gif.writeHeader();
    this.#gif.writeFrame(Uint8Array.from(large), box.width * factor, box.height * factor, {
      first: isFirst,
      palette: isFirst ? colorsOf(palette) : null,
      delay: ticks * (1000 / TICKS_A_SECOND),
      colorDepth: Math.max(1, Math.ceil(Math.log2(palette.size))),
      repeat: 0,
    });
    if (!isFirst) this.#moveTo(box.left * factor, box.top * factor);
    this.#shown = pixels;
    await this.#flush();
  }

  /** Changes the place of the frame that was written last, since gifenc writes it as 0, 0. */
  #moveTo(left: number, top: number): void {
    const { buffer, byteOffset } = this.#gif.bytesView();
    const view = new DataView(buffer, byteOffset);
    view.setUint16(PLACE_OFFSET, left, true);
    view.setUint16(PLACE_OFFSET + 2, top, true);
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
