import { AtomicFile } from "../../files/atomic_file.ts";
import { OutputError } from "../../files/output_error.ts";
import { Image, type ImageSize, type Rgb } from "../../image/image.ts";
import type { Palette } from "../../palette/palette.ts";
import {
  DEFAULT_FPS,
  DEFAULT_VIDEO_SIZE,
  type FrameEncoder,
  MAX_FPS,
  type VideoFormat,
} from "../video_format.ts";
import { checkVideoColors, VIDEO_EXTENSIONS, videoFormatOf } from "./video_formats.ts";
import { type VideoLayout, videoLayout } from "../video_layout.ts";

/** The color of transparent pixels in formats without alpha. */
const WHITE: Rgb = [255, 255, 255];

/** Options of {@linkcode VideoWriter.open}. */
export interface VideoOptions extends ImageSize {
  /** Given, frames are palette indices; left out, they are colors. */
  readonly palette?: Palette;
  /**
   * Whether index K, one past the palette, is transparent. Formats without alpha show white there.
   * Default: false.
   */
  readonly hasTransparentIndex?: boolean;
  /** Size into which the picture is fitted. Default: 512 x 512 pixels. */
  readonly videoSize?: ImageSize;
  /** Frames a second, integer in [1, 240]. Default: 30. */
  readonly fps?: number;
}

/**
 * Writes frames, one at a time, as a video. The extension of its name decides the format.
 *
 * Pixels are enlarged to squares, never blurred. Frames go to the file immediately, so memory stays
 * flat. The file appears when it is finished, or not at all. It needs read and write permission for
 * its folder, which must exist.
 */
export class VideoWriter implements AsyncDisposable {
  /** Path of the file. */
  readonly path: string;
  /** Size of the video, and enlargement and position of the picture in it. */
  readonly layout: VideoLayout;
  readonly #options: VideoOptions;
  readonly #isIndexed: boolean;
  readonly #file: AtomicFile;
  readonly #encoder: FrameEncoder;
  readonly #owned: AsyncDisposableStack;
  #frames = 0;

  private constructor(
    options: VideoOptions,
    parts: {
      layout: VideoLayout;
      isIndexed: boolean;
      file: AtomicFile;
      encoder: FrameEncoder;
      owned: AsyncDisposableStack;
    },
  ) {
    this.path = parts.file.path;
    this.layout = parts.layout;
    this.#options = options;
    this.#isIndexed = parts.isIndexed;
    this.#file = parts.file;
    this.#encoder = parts.encoder;
    this.#owned = parts.owned;
  }

  /**
   * Begins a video.
   *
   * @param path Ends in an extension of a known format.
   * @throws {OutputError} If the file cannot be written, or the format cannot hold the colors.
   */
  static async open(path: string, options: VideoOptions): Promise<VideoWriter> {
    const { videoSize = DEFAULT_VIDEO_SIZE, fps = DEFAULT_FPS, palette } = options;
    const { hasTransparentIndex = false } = options;
    const format = formatOf(path);
    checkVideoColors(path, format, palette, hasTransparentIndex);
    if (!Number.isInteger(fps) || fps < 1 || fps > MAX_FPS) {
      throw new OutputError("write", path, `expected 1 to ${MAX_FPS} frames a second, got ${fps}`);
    }
    const size = { height: options.height, width: options.width };
    const isIndexed = palette !== undefined &&
      palette.size + (hasTransparentIndex ? 1 : 0) <= format.maxIndexedColors;
    const layout = videoLayout(format, size, videoSize);
    await using stack = new AsyncDisposableStack();
    const file = stack.use(await AtomicFile.open(path));
    const indexed = isIndexed ? palette : undefined;
    const encoder = stack.use(
      await format.open(file, { size, layout, palette: indexed, fps, hasTransparentIndex }),
    );
    return new VideoWriter(options, { layout, isIndexed, file, encoder, owned: stack.move() });
  }

  /** Number of frames so far. */
  get frames(): number {
    return this.#frames;
  }

  /**
   * Appends a frame; it is copied. Calls are awaited one after the other.
   *
   * @param frame With a palette: the palette index of each pixel, shape [H, W]. Without: sRGB in
   * [0, 1], shape [H, W, 3].
   * @throws {RangeError} If its length differs, or an index is not in the palette.
   * @throws {OutputError} If it cannot be written.
   */
  async add(frame: ArrayLike<number>): Promise<void> {
    await this.#encoder.add(this.#pixelsOf(frame));
    this.#frames++;
  }

  /**
   * Completes the video and gives the file its name. Nothing can be added afterwards.
   *
   * @throws {OutputError} If it cannot be written, or no frame was added.
   */
  async finish(): Promise<void> {
    if (this.#frames === 0) throw new OutputError("write", this.path, "no frame was added");
    await this.#encoder.finish();
    await this.#file.commit();
  }

  /** Frees memory; a file that was not finished is removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  /** Returns the indices, or the bytes of the colors, as the encoder takes them. */
  #pixelsOf(frame: ArrayLike<number>): Uint32Array<ArrayBuffer> {
    const { palette, hasTransparentIndex = false } = this.#options;
    const size = { height: this.#options.height, width: this.#options.width };
    const expected = size.height * size.width * (palette === undefined ? 3 : 1);
    if (frame.length !== expected) {
      throw new RangeError(
        `Cannot add frame ${this.#frames} of ${size.height}x${size.width}: ` +
          `expected ${expected} values, got ${frame.length}`,
      );
    }
    const image = palette === undefined ? Image.fromFloats(size, frame) : Image.fromIndices(
      size,
      frame,
      hasTransparentIndex ? Uint8Array.of(...palette.colors, ...WHITE) : palette.colors,
    );
    if (this.#isIndexed) return Uint32Array.from(frame);
    return new Uint32Array(image.data.buffer as ArrayBuffer);
  }
}

function formatOf(path: string): VideoFormat {
  const format = videoFormatOf(path);
  if (format !== undefined) return format;
  const extensions = VIDEO_EXTENSIONS.join(", ");
  throw new OutputError("write", path, `expected a name that ends in one of ${extensions}`);
}
