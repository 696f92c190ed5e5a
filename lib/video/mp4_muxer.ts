import type { VideoFile } from "./video_format.ts";

type Mediabunny = typeof import("npm:mediabunny@1.61.0");
type Output = InstanceType<Mediabunny["Output"]>;
type PacketSource = InstanceType<Mediabunny["EncodedVideoPacketSource"]>;

/** The color tags that players need for exact colors. Source: ITU-T H.273. */
const COLOR_SPACE = {
  primaries: "bt709",
  transfer: "bt709",
  matrix: "bt709",
  fullRange: false,
} as const;

/** Size of the writes in bytes. */
const CHUNK_BYTES = 2 ** 20;

/**
 * Joins H.264 videos into one MP4 file that is tagged as BT.709, limited range.
 *
 * The file is written as it grows, its index last, so that memory grows by some bytes a frame only.
 */
export class Mp4Muxer implements AsyncDisposable {
  readonly #library: Mediabunny;
  readonly #output: Output;
  readonly #source: PacketSource;
  readonly #fps: number;
  #frames = 0;

  private constructor(library: Mediabunny, output: Output, source: PacketSource, fps: number) {
    this.#library = library;
    this.#output = output;
    this.#source = source;
    this.#fps = fps;
  }

  /**
   * Begins a file.
   *
   * @param file Borrowed; the caller commits it.
   * @param fps Frames a second, an integer.
   */
  static async open(file: VideoFile, fps: number): Promise<Mp4Muxer> {
    const library = await import("npm:mediabunny@1.61.0");
    const writable = new WritableStream({
      write: ({ data, position }: { data: Uint8Array; position: number }) =>
        file.write(data, position),
    });
    const output = new library.Output({
      format: new library.Mp4OutputFormat({ fastStart: false }),
      target: new library.StreamTarget(writable, { chunked: true, chunkSize: CHUNK_BYTES }),
    });
    const source = new library.EncodedVideoPacketSource("avc");
    output.addVideoTrack(source, { frameRate: fps });
    await output.start();
    return new Mp4Muxer(library, output, source, fps);
  }

  /**
   * Appends all frames of an H.264 video, which begins with a key frame.
   *
   * @param mp4 An MP4 file of the same size, profile and encoder settings as the others.
   */
  async append(mp4: Uint8Array<ArrayBuffer>): Promise<void> {
    const { Input, Mp4InputFormat, BufferSource, EncodedPacketSink } = this.#library;
    using input = new Input({
      formats: [new Mp4InputFormat()],
      source: new BufferSource(mp4),
    });
    const track = await input.getPrimaryVideoTrack();
    const config = await track?.getDecoderConfig();
    if (!track || !config) throw new RangeError("Cannot append video: it has no H.264 track");
    const meta = { decoderConfig: { ...config, colorSpace: COLOR_SPACE } };
    for await (const packet of new EncodedPacketSink(track).packets()) {
      const timestamp = this.#frames / this.#fps;
      const duration = 1 / this.#fps;
      // The encoder's file has no list of key frames, so every frame would count as one.
      const type = isKeyFrame(packet.data) ? "key" : "delta";
      await this.#source.add(packet.clone({ timestamp, duration, type }), meta);
      this.#frames++;
    }
  }

  /** Writes what is left, and the index. */
  async finish(): Promise<void> {
    await this.#output.finalize();
  }

  /** Gives up an unfinished file. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { state } = this.#output;
    // After a failed write it fails again, for the reason that was already reported.
    if (state === "started") await this.#output.cancel().catch(() => undefined);
  }
}

/** Type of a unit that is a slice of a key frame. Source: ITU-T H.264, table 7-1. */
const KEY_SLICE = 5;

/** Searches the units of a frame, each preceded by its length. */
function isKeyFrame(frame: Uint8Array): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  for (let offset = 0; offset + 5 <= frame.length; offset += 4 + view.getUint32(offset)) {
    if ((frame[offset + 4]! & 31) === KEY_SLICE) return true;
  }
  return false;
}
