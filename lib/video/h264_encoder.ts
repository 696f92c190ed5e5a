import process from "node:process";
import type { ImageSize } from "../image/image.ts";

/** Options of {@linkcode H264Encoder.create}. */
export interface H264EncoderOptions extends ImageSize {
  /** Frames a second. */
  readonly fps: number;
}

/** Frames from one key frame to the next. */
export const KEY_FRAME_INTERVAL = 30;

/** The best quality of the encoder, whose range is 10 to 51. */
const QUANTIZATION = 10;

/** 0 is slowest. From 5 on it is twice as fast and 0.4 dB better, with 20 % more bytes. */
const SPEED = 5;

type Module = typeof import("npm:h264-mp4-encoder@1.0.12");
type Encoder = Awaited<ReturnType<Module["createH264MP4Encoder"]>>;

/**
 * Encodes frames as H.264 (baseline profile, 4:2:0), into an MP4 file without color tags.
 *
 * It is minih264 in WebAssembly, which is part of the module, so it needs no permission.
 */
export class H264Encoder implements Disposable {
  readonly #encoder: Encoder;
  #isFinished = false;

  private constructor(encoder: Encoder) {
    this.#encoder = encoder;
  }

  /**
   * Creates an encoder. Encoders are independent of each other.
   *
   * @param options Height and width are even.
   */
  static async create(options: H264EncoderOptions): Promise<H264Encoder> {
    const { createH264MP4Encoder } = await loadModule();
    const encoder = await createH264MP4Encoder();
    encoder.height = options.height;
    encoder.width = options.width;
    encoder.frameRate = options.fps;
    encoder.quantizationParameter = QUANTIZATION;
    encoder.speed = SPEED;
    encoder.groupOfPictures = KEY_FRAME_INTERVAL;
    // The file is in memory. All encoders share that file system, so names must differ.
    encoder.outputFilename = `${crypto.randomUUID()}.mp4`;
    encoder.initialize();
    return new H264Encoder(encoder);
  }

  /** Encodes one I420 frame of height · width · 1.5 bytes. */
  add(frame: Uint8Array): void {
    this.#encoder.addFrameYuv(frame);
  }

  /** Ends the video and returns the MP4 file; the caller owns it. */
  finish(): Uint8Array<ArrayBuffer> {
    const { outputFilename, FS } = this.#encoder;
    this.#encoder.finalize();
    this.#isFinished = true;
    const bytes = new Uint8Array(FS.readFile(outputFilename));
    FS.unlink(outputFilename);
    return bytes;
  }

  /** Frees the encoder's memory. */
  [Symbol.dispose](): void {
    // The encoder aborts if it is deleted before it is finalized.
    if (!this.#isFinished) this.finish();
    this.#encoder.delete();
  }
}

/**
 * Loads the encoder without its side effect: its listeners would end the program at any unhandled
 * rejection and print the source of the module.
 */
async function loadModule(): Promise<Module> {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => process.rawListeners(event));
  const { default: module } = await import("npm:h264-mp4-encoder@1.0.12");
  events.forEach((event, i) => {
    for (const listener of process.rawListeners(event)) {
      if (before[i]!.includes(listener)) continue;
      process.removeListener(event, listener as (...args: unknown[]) => void);
    }
  });
  return module as unknown as Module;
}
