import { Image } from "../../image/image.ts";
import { H264Encoder, KEY_FRAME_INTERVAL } from "../h264_encoder.ts";
import { Mp4Muxer } from "../mp4_muxer.ts";
import type { FrameEncoder, FrameEncoderOptions, VideoFile, VideoFormat } from "../video_format.ts";
import { blackYuvFrame, drawYuvFrame } from "../yuv_frame.ts";

/**
 * H.264 for every player: 4:2:0, BT.709 in limited range, on black.
 *
 * Pictures in saturated colors keep 40 dB at factor 2, and 46 dB from factor 8 on.
 */
export const MP4: VideoFormat = {
  name: "mp4",
  title: "MP4",
  extensions: [".mp4"],
  maxIndexedColors: 0,
  hasAnyColor: true,
  needsEvenFactor: true,
  open: (file, options) => Mp4Encoder.open(file, options),
};

/**
 * Frames per segment. Each segment has an encoder and goes to the file when it is full, so that
 * memory stays flat.
 *
 * A multiple of the key frame interval, so that no two key frames are adjacent: H.264 requires
 * different numbers of such neighbors, and each encoder begins with the same number.
 */
const SEGMENT_FRAMES = 8 * KEY_FRAME_INTERVAL;

/** Encodes pictures as an MP4 file. */
class Mp4Encoder implements FrameEncoder {
  readonly #muxer: Mp4Muxer;
  readonly #options: FrameEncoderOptions;
  readonly #frame: Uint8Array<ArrayBuffer>;
  #segment: H264Encoder | undefined;
  #segmentFrames = 0;

  private constructor(muxer: Mp4Muxer, options: FrameEncoderOptions) {
    this.#muxer = muxer;
    this.#options = options;
    this.#frame = blackYuvFrame(options.layout);
  }

  /** Begins a file, which is borrowed. */
  static async open(file: VideoFile, options: FrameEncoderOptions): Promise<Mp4Encoder> {
    return new Mp4Encoder(await Mp4Muxer.open(file, options.fps), options);
  }

  /** Encodes a frame of red, green, blue and alpha bytes, shape [H, W]; alpha is ignored. */
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
