import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Image } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import { readClipConfig } from "../models/clip/clip_config.ts";
import { buildClipModel } from "../models/clip/clip_model.ts";
import { openTokenizer } from "../models/tokenizers/clip_tokenizer.ts";
import { createSession, type SessionOptions } from "../onnx/runtime/session.ts";
import type { FloatType } from "../weights/float16.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { StateDict } from "../weights/state_dict.ts";
import { CLIP_STATISTICS, makePixelValues } from "./pixel_values.ts";

/** Pictures among which one is chosen. */
export interface Candidates {
  /** What the picture shall show. */
  readonly prompt: string;
  /** Opaque pictures, at least one, of any sizes. */
  readonly images: readonly Image[];
}

/** The choice. */
export interface ChosenReference {
  /** Index of the picture that fits best; the first one of equals. */
  readonly index: number;
  /** How well each picture fits, without a unit: the greater, the better. */
  readonly scores: readonly number[];
}

/** Options of {@linkcode chooseReference}. */
export interface ChooseReferenceOptions extends SessionOptions {
  /** Type of what is computed. Default: "float32". */
  readonly precision?: FloatType;
}

/**
 * Chooses the picture that fits a prompt best, in the eyes of CLIP.
 *
 * The network is loaded, run once and released.
 *
 * Source: Radford et al. 2021, https://arxiv.org/abs/2103.00020; pictures are prepared as by
 * transformers' CLIPImageProcessor: the shorter side becomes that of the network, bicubic, and the
 * middle is cut out.
 *
 * @param gpu As of `createSession`.
 * @param folder Files of a CLIP network and its tokenizer, in transformers' layout.
 * @throws {ModelConfigError} If an option of the network is not supported.
 */
export async function chooseReference(
  gpu: Gpu | null,
  folder: ModelFolder,
  candidates: Candidates,
  options: ChooseReferenceOptions,
): Promise<ChosenReference> {
  const { prompt, images } = candidates;
  const { precision = "float32" } = options;
  if (images.length === 0) {
    throw new RangeError(
      `Cannot choose a picture for "${prompt}": expected at least one, got none`,
    );
  }
  const config = await readClipConfig(folder);
  const tokenizer = await openTokenizer(folder, "");
  const side = config.vision.imageSize;
  const resized = images.map((image) =>
    resizeImage(image, { height: side, width: side }, { fit: "crop", filter: "bicubic" })
  );
  const ids = tokenizer.encode(prompt);
  const sizes = { images: images.length, texts: 1, length: ids.length };
  using weights = await StateDict.open(folder, "", { prefer: precision });
  const graph = buildClipModel(weights, config, { ...sizes, precision });
  await using session = await createSession(gpu, graph, { ...options, isBrief: true });
  const outputs = await session.runHost({
    pixel_values: makePixelValues(resized, CLIP_STATISTICS),
    input_ids: { data: BigInt64Array.from(ids, BigInt), shape: [1, ids.length] },
  });
  const scores = Array.from(outputs["logits_per_image"]!.data as Float32Array);
  return { index: scores.indexOf(Math.max(...scores)), scores };
}
