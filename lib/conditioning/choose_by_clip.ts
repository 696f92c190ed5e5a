import type { Image } from "../image/image.ts";
import { readClipConfig } from "../models/clip/clip_config.ts";
import { buildClipModel } from "../models/clip/clip_model.ts";
import { type ClipTokenizer, openClipTokenizer } from "../models/tokenizers/clip_tokenizer.ts";
import type { Graph } from "../onnx/graph/graph.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { FloatType } from "../weights/float16.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { ClipLocation } from "./clip_location.ts";
import { type ClipPreprocessing, prepareForClip, readClipPreprocessing } from "./clip_pictures.ts";

/** Images among which one is chosen. */
export interface Candidates {
  /** What the image must show. */
  readonly prompt: string;
  /** At least one image, of any sizes. */
  readonly images: readonly Image[];
}

/** The choice. */
export interface ChosenReference {
  /** Index of the image that fits best; the first one of equals. */
  readonly index: number;
  /**
   * Score of each image, without a unit; higher is better. Of a CLIP: the cosine of the embeddings,
   * times CLIP's logit scale.
   */
  readonly scores: readonly number[];
}

/** Chooses the best score: the first one of equals, and none that is NaN unless all are. */
export function chooseBest(scores: readonly number[]): ChosenReference {
  const best = Math.max(...scores.filter((score) => !Number.isNaN(score)));
  return { index: Math.max(0, scores.indexOf(best)), scores };
}

/**
 * Chooses the best scores: the first ones of equals, and those that are NaN last.
 *
 * @returns Their indices, in rising order.
 */
export function chooseSeveral(scores: readonly number[], count: number): number[] {
  const comparable = scores.map((score) => Number.isNaN(score) ? -Number.MAX_VALUE : score);
  const ranked = [...scores.keys()].sort((a, b) => comparable[b]! - comparable[a]!);
  return ranked.slice(0, count).sort((a, b) => a - b);
}

/** Options of {@linkcode OpenClip.open}. */
export interface OpenClipOptions {
  /** Number of images among which one will be chosen; at least 1. */
  readonly images: number;
  /** Precision of the computation. Default: "float32". */
  readonly precision?: FloatType;
}

/** Images that run together; more would take memory, and no time from a run of one image. */
export const MAX_CLIP_BATCH = 16;

/**
 * A CLIP whose files are open. It chooses the image that fits a prompt best, by the similarity of
 * CLIP's embeddings.
 *
 * Source: Radford et al. 2021, https://arxiv.org/abs/2103.00020. `prepareForClip` prepares the
 * images.
 */
export class OpenClip implements Disposable {
  readonly #weights: StateDict;
  readonly #graph: Graph;
  readonly #tokenizer: ClipTokenizer;
  readonly #preprocessing: ClipPreprocessing;
  readonly #batch: number;

  private constructor(
    parts: {
      readonly weights: StateDict;
      readonly graph: Graph;
      readonly tokenizer: ClipTokenizer;
      readonly preprocessing: ClipPreprocessing;
      readonly batch: number;
    },
  ) {
    this.#weights = parts.weights;
    this.#graph = parts.graph;
    this.#tokenizer = parts.tokenizer;
    this.#preprocessing = parts.preprocessing;
    this.#batch = parts.batch;
  }

  /**
   * Opens a CLIP and its tokenizer. Its weights are found, but not read.
   *
   * @throws {RangeError} If there is no image; if a weight is missing or does not fit; or if the
   * tokenizer has longer texts than the network.
   * @throws {ModelConfigError} If an option of a file is not supported.
   * @throws {ModelFolderError} If a file cannot be read.
   */
  static async open(
    location: ClipLocation,
    { images, precision = "float32" }: OpenClipOptions,
  ): Promise<OpenClip> {
    if (images < 1) {
      throw new RangeError("Cannot choose an image by CLIP: expected at least one, got none");
    }
    const { folder, subfolder } = location;
    const config = await readClipConfig(folder, subfolder);
    const preprocessing = await readClipPreprocessing(location, config.vision.imageSize);
    const tokenizer = await openClipTokenizer(folder, location.tokenizer);
    const batch = Math.min(images, MAX_CLIP_BATCH);
    const sizes = { images: batch, texts: 1, length: tokenizer.maxLength };
    using owned = new DisposableStack();
    const weights = owned.use(await StateDict.open(folder, subfolder, { prefer: precision }));
    const graph = buildClipModel(weights, config, { ...sizes, precision });
    owned.move();
    return new OpenClip({ weights, graph, tokenizer, preprocessing, batch });
  }

  /**
   * Chooses an image. The network is loaded, run and released.
   *
   * @param sessions Loads the network.
   * @throws {SessionError} If the network cannot be loaded.
   */
  async choose(sessions: SessionLoader, { prompt, images }: Candidates): Promise<ChosenReference> {
    const ids = this.#tokenizer.encode(prompt);
    const text = { data: BigInt64Array.from(ids, BigInt), shape: [1, ids.length] };
    await using session = await sessions.load(this.#graph, { transient: true });
    const scores: number[] = [];
    while (scores.length < images.length) {
      const some = images.slice(scores.length, scores.length + this.#batch);
      const padding = new Array<Image>(this.#batch - some.length).fill(some[0]!);
      const { outputs } = await session.runHost({
        pixel_values: prepareForClip([...some, ...padding], this.#preprocessing),
        input_ids: text,
      });
      const logits = outputs["logits_per_image"]!.data as Float32Array;
      scores.push(...logits.subarray(0, some.length));
    }
    return chooseBest(scores);
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.#weights[Symbol.dispose]();
  }
}
