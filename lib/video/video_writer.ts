import { MAX_INDEXED_COLORS } from "../image/encode_png.ts";
import { Image, type ImageSize } from "../image/image.ts";
import type { Palette } from "../palette/palette.ts";
import { ApngEncoder } from "./apng_encoder.ts";
import type { FrameEncoder } from "./frame_encoder.ts";
import { GifEncoder } from "./gif_encoder.ts";
import { Mp4Encoder } from "./mp4_encoder.ts";
import { OutputError } from "../files/output_error.ts";
import { AtomicFile } from "../files/atomic_file.ts";
import { VIDEO_ENDINGS, type VideoFormat, videoFormatOf } from "./video_format.ts";
import { paddedLayout, tightLayout, type VideoLayout } from "./video_layout.ts";

/** Options of {@linkcode VideoWriter.open}. */
export interface VideoOptions extends ImageSize {
  /** Given, frames are palette indices; left out, they are colors. */
  readonly palette?: Palette;
  /** Wanted size of the video. Default: 512 x 512 pixels, as SD-piXL. */
  readonly videoSize?: ImageSize;
  /** Frames a second, integer in [1, 240]. Default: 30, as SD-piXL. */
  readonly fps?: number;
}

const VIDEO_SIZE: ImageSize = { height: 512, width: 512 };
const FPS = 30;
const MAX_FPS = 240;

/**
 * Writes frames, one at a time, as a video whose format its name tells.
 *
 * - `.mp4`: H.264 for every player, 4:2:0, tagged BT.709. The picture is enlarged by the largest
 *   even factor that fits, on black. Pictures in saturated colors keep 40 dB at factor 2, and 46 dB
 *   from factor 8 on.
 * - `.gif`: exactly the palette's colors, at most 256; without a palette it is refused.
 * - `.png` or `.apng`: an animated PNG, exact, with or without a palette.
 *
 * Pixels are enlarged to squares, never blurred. Frames go to the file as they come, so memory
 * stays flat. The file appears when it is finished, or not at all. It needs read and write
 * permission for its folder, which must exist, and no other.
 */
export class VideoWriter implements AsyncDisposable {
  /** Path of the file. */
  readonly path: string;
  /** Size of the video and place of the picture in it. */
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
   * @param path Ends in .mp4, .gif, .png or .apng.
   * @throws {OutputError} If it cannot be written, or not in that format.
   */
  static async open(path: string, options: VideoOptions): Promise<VideoWriter> {
    const { videoSize = VIDEO_SIZE, fps = FPS, palette } = options;
    const format = formatOf(path, palette);
    if (!Number.isInteger(fps) || fps < 1 || fps > MAX_FPS) {
      throw new OutputError("write", path, `expected 1 to ${MAX_FPS} frames a second, got ${fps}`);
    }
    const size = { height: options.height, width: options.width };
    const isIndexed = format !== "mp4" && palette !== undefined &&
      palette.size <= MAX_INDEXED_COLORS;
    const layout = (format === "mp4" ? paddedLayout : tightLayout)(size, videoSize);
    const { factor } = layout;
    await using stack = new AsyncDisposableStack();
    const file = stack.use(await AtomicFile.open(path));
    const encoder: FrameEncoder = stack.use(
      format === "mp4"
        ? await Mp4Encoder.open(file, { size, layout, fps })
        : format === "gif"
        ? await GifEncoder.open(file, { size, palette: palette!, factor, fps })
        : new ApngEncoder(file, { size, palette: isIndexed ? palette : undefined, factor, fps }),
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
   * @throws {RangeError} If it has another length, or an index is no color.
   * @throws {OutputError} If it cannot be written.
   */
  async add(frame: ArrayLike<number>): Promise<void> {
    await this.#encoder.add(this.#pixelsOf(frame));
    this.#frames++;
  }

  /**
   * Ends the video and gives the file its name. Nothing is added afterwards.
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

  /** Returns indices, or the bytes of colors, whichever the encoder takes. */
  #pixelsOf(frame: ArrayLike<number>): Uint32Array<ArrayBuffer> {
    const { palette } = this.#options;
    const size = { height: this.#options.height, width: this.#options.width };
    const expected = size.height * size.width * (palette === undefined ? 3 : 1);
    if (frame.length !== expected) {
      throw new RangeError(
        `Cannot add frame ${this.#frames} of ${size.height}x${size.width}: ` +
          `expected ${expected} values, got ${frame.length}`,
      );
    }
    const image = palette === undefined
      ? Image.fromFloats(size, frame)
      : Image.fromIndices(size, frame, palette.colors);
    if (this.#isIndexed) return Uint32Array.from(frame);
    return new Uint32Array(image.data.buffer as ArrayBuffer);
  }
}

function formatOf(path: string, palette: Palette | undefined): VideoFormat {
  const format = videoFormatOf(path);
  if (format === undefined) {
    const names = Object.keys(VIDEO_ENDINGS).join(", ");
    throw new OutputError("write", path, `expected a name that ends in one of ${names}`);
  }
  if (format === "gif") checkGifPalette(path, palette);
  return format;
}

/**
 * Checks that a GIF can hold the colors of frames.
 *
 * @param palette The colors; undefined for any number of them.
 * @throws {OutputError} If it cannot.
 */
export function checkGifPalette(path: string, palette: Palette | undefined): void {
  if (palette === undefined) {
    throw new OutputError("write", path, "a GIF holds palette colors only; choose .mp4 or .png");
  }
  if (palette.size <= MAX_INDEXED_COLORS) return;
  const found = `a GIF holds ${MAX_INDEXED_COLORS} colors, "${palette.name}" has ${palette.size}`;
  throw new OutputError("write", path, `${found}; choose .mp4 or .png`);
}
