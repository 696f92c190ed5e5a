import type { Image } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import { readClipConfig } from "../models/clip/clip_config.ts";
import { buildClipModel } from "../models/clip/clip_model.ts";
import { openClipTokenizer } from "../models/tokenizers/clip_tokenizer.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { FloatType } from "../weights/float16.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { StateDict } from "../weights/state_dict.ts";
import { CLIP_STATISTICS, makePixelValues } from "./pixel_values.ts";

/** Images among which one is chosen. */
export interface Candidates {
  /** What the image must show. */
  readonly prompt: string;
  /** Opaque images, at least one, of any sizes. */
  readonly images: readonly Image[];
}

/** The choice. */
export interface ChosenReference {
  /** Index of the image that fits best; the first one of equals. */
  readonly index: number;
  /** Score of each image, without a unit; higher is better. */
  readonly scores: readonly number[];
}

/** Options of {@linkcode chooseByClip}. */
export interface ChooseByClipOptions {
  /** Precision of the computation. Default: "float32". */
  readonly precision?: FloatType;
}

/**
 * Chooses the image that fits a prompt best, by the similarity of CLIP's embeddings. The network is
 * loaded, run once and released.
 *
 * Source: Radford et al. 2021, https://arxiv.org/abs/2103.00020. Images are prepared as by
 * transformers' CLIPImageProcessor: the shorter axis is resized to the input size, bicubic, and the
 * center is cropped.
 *
 * @param sessions Loads the network.
 * @param folder Files of a CLIP network and its tokenizer, in transformers' layout.
 * @throws {RangeError} If there is no image.
 * @throws {ModelConfigError} If an option of the network is not supported.
 * @throws {SessionError} If the network cannot be loaded.
 */
export async function chooseByClip(
  sessions: SessionLoader,
  folder: ModelFolder,
  candidates: Candidates,
  options: ChooseByClipOptions = {},
): Promise<ChosenReference> {
  const { prompt, images } = candidates;
  const { precision = "float32" } = options;
  if (images.length === 0) {
    throw new RangeError(
      `Cannot choose an image for "${prompt}": expected at least one, got none`,
    );
  }
  const config = await readClipConfig(folder);
  const tokenizer = await openClipTokenizer(folder, "");
  const { imageSize } = config.vision;
  const resized = images.map((image) =>
    resizeImage(image, { height: imageSize, width: imageSize }, { fit: "crop", filter: "bicubic" })
  );
  const ids = tokenizer.encode(prompt);
  const sizes = { images: images.length, texts: 1, length: ids.length };
  using weights = await StateDict.open(folder, "", { prefer: precision });
  const graph = buildClipModel(weights, config, { ...sizes, precision });
  await using session = await sessions.load(graph, { transient: true });
  const { outputs } = await session.runHost({
    pixel_values: makePixelValues(resized, CLIP_STATISTICS),
    input_ids: { data: BigInt64Array.from(ids, BigInt), shape: [1, ids.length] },
  });
  const scores = Array.from(outputs["logits_per_image"]!.data as Float32Array);
  return { index: scores.indexOf(Math.max(...scores)), scores };
}
