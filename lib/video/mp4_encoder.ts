import { Image, type ImageSize } from "../image/image.ts";
import type { FrameEncoder } from "./frame_encoder.ts";
import { H264Encoder, KEY_FRAME_INTERVAL } from "./h264_encoder.ts";
import { Mp4Muxer } from "./mp4_muxer.ts";
import type { AtomicFile } from "../files/atomic_file.ts";
import type { VideoLayout } from "./video_layout.ts";
import { blackYuvFrame, drawYuvFrame } from "./yuv_frame.ts";

/**
 * Frames that are encoded before they go to the file, to keep memory flat.
 *
 * A multiple of the key frame interval, so that no two key frames follow each other: H.264 wants
 * such neighbors to carry different numbers, and each encoder begins with the same.
 */
const SEGMENT_FRAMES = 8 * KEY_FRAME_INTERVAL;

/** Options of {@linkcode Mp4Encoder.open}. */
export interface Mp4EncoderOptions {
  /** Size of the picture. */
  readonly size: ImageSize;
  /** Place of the picture in the frames; even everywhere. */
  readonly layout: VideoLayout;
  /** Frames a second, an integer. */
  readonly fps: number;
}

/** Encodes pictures as an MP4 file: H.264, BT.709 colors in limited range. */
export class Mp4Encoder implements FrameEncoder {
  readonly #muxer: Mp4Muxer;
  readonly #options: Mp4EncoderOptions;
  readonly #frame: Uint8Array<ArrayBuffer>;
  #segment: H264Encoder | undefined;
  #segmentFrames = 0;

  private constructor(muxer: Mp4Muxer, options: Mp4EncoderOptions) {
    this.#muxer = muxer;
    this.#options = options;
    this.#frame = blackYuvFrame(options.layout);
  }

  /** Begins a file, which is borrowed. */
  static async open(
    file: Pick<AtomicFile, "write">,
    options: Mp4EncoderOptions,
  ): Promise<Mp4Encoder> {
    return new Mp4Encoder(await Mp4Muxer.open(file, options.fps), options);
  }

  /** Encodes a frame of red, green, blue and alpha bytes, shape [H, W]; alpha is left out. */
  async add(pixels: Uint32Array<ArrayBuffer>): Promise<void> {
    const { size, layout, fps } = this.#options;
    drawYuvFrame(this.#frame, new Image(size, new Uint8Array(pixels.buffer)), layout);
    const { height, width } = layout;
    this.#segment ??= await H264Encoder.create({ height, width, fps });
    this.#segment.add(this.#frame);
    this.#segmentFrames++;
    if (this.#segmentFrames === SEGMENT_FRAMES) await this.#finishSegment();
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    await this.#finishSegment();
    await this.#muxer.finish();
  }

  /** Frees the encoder's memory. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#segment?.[Symbol.dispose]();
    this.#segment = undefined;
    await this.#muxer[Symbol.asyncDispose]();
  }

  async #finishSegment(): Promise<void> {
    if (this.#segment === undefined) return;
    using segment = this.#segment;
    this.#segment = undefined;
    this.#segmentFrames = 0;
    await this.#muxer.append(segment.finish());
  }
}
