import type { TeacherFolder } from "../conditioning/teacher_folder.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { imageFromPlanes } from "../image/image_planes.ts";
import type { Session, SessionLoader } from "../onnx/runtime/session.ts";
import type { FloatType } from "../weights/float16.ts";
import { StateDict } from "../weights/state_dict.ts";
import { floatsOf } from "../onnx/runtime/float_tensor.ts";

/** Options of {@linkcode LatentDecoder.load}. */
export interface LatentDecoderOptions {
  /** Size of the latents. */
  readonly latentSize: ImageSize;
  /** Precision of the decoder. Default: "float32". */
  readonly precision?: FloatType;
}

/** The decoder of a teacher's autoencoder: decodes latents to an image. */
export class LatentDecoder implements AsyncDisposable {
  readonly #session: Session;
  readonly #shape: readonly number[];

  private constructor(session: Session, shape: readonly number[]) {
    this.#session = session;
    this.#shape = shape;
  }

  /** Loads the decoder. The caller disposes of it. */
  static async load(
    sessions: SessionLoader,
    { vae, vaeLocation }: TeacherFolder,
    options: LatentDecoderOptions,
  ): Promise<LatentDecoder> {
    const { latentSize: { height, width }, precision = "float32" } = options;
    using weights = await StateDict.open(vaeLocation.folder, vaeLocation.subfolder, {
      prefer: precision,
    });
    const graph = vae.buildDecoder(weights, { batch: 1, height, width, precision });
    const shape = [1, vae.latentChannels, height, width];
    return new LatentDecoder(await sessions.load(graph, { transient: true }), shape);
  }

  /**
   * Decodes latents.
   *
   * @param latents Scaled, shape [1, C, h, w].
   * @returns An opaque image of the teacher's size.
   */
  async decode(latents: Float32Array): Promise<Image> {
    const { outputs: { image } } = await this.#session.runHost({
      latents: { data: latents, shape: this.#shape },
    });
    return imageFromPlanes(floatsOf(image!), image!.shape);
  }

  /** Frees the network. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
