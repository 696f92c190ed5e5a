import { fileURLToPath } from "node:url";
import type { Image } from "../../../../lib/image/image.ts";
import { resizeImage } from "../../../../lib/image/resize_image.ts";
import {
  type ClipTokenizer,
  openClipTokenizer,
} from "../../../../lib/models/tokenizers/clip_tokenizer.ts";
import { OrtSessions } from "../../../../lib/onnx/runtime/ort_sessions.ts";
import type { Session } from "../../../../lib/onnx/runtime/session.ts";
import { floatView } from "../../../../lib/weights/float_view.ts";
import { LocalFolder } from "../../../../lib/weights/local_folder.ts";
import { StateDict } from "../../../../lib/weights/state_dict.ts";
import { buildImageEncoder, buildTextEncoder } from "./judge_graphs.ts";

/** Folder of the trained judge: weights and tokenizer. */
export const JUDGE_FOLDER = fileURLToPath(new URL("weights", import.meta.url));

/** Height and width of its input, in pixels. */
export const JUDGE_SIZE = 64;

/** Texts that are encoded in one batch. */
const TEXT_BATCH = 64;

/** Texts and their embeddings, among which the judge chooses. */
export interface Captions {
  /** The texts. */
  readonly texts: readonly string[];
  /** Embeddings of length 1, shape [texts, D]. */
  readonly embeddings: Float32Array;
}

/**
 * The judge of the benchmark: an image and a text encoder that were trained together on named
 * pictures (contrastively, as CLIP). It has not seen any image of a teacher.
 *
 * It runs on the CPU, so its output is the same on all machines.
 */
export class Judge implements AsyncDisposable {
  /** Folder of its weights and tokenizer. */
  readonly folder: string;
  readonly #images: Session;
  readonly #weights: StateDict;
  readonly #tokenizer: ClipTokenizer;
  readonly #scale: number;

  private constructor(parts: {
    readonly folder: string;
    readonly images: Session;
    readonly weights: StateDict;
    readonly tokenizer: ClipTokenizer;
    readonly scale: number;
  }) {
    this.folder = parts.folder;
    this.#images = parts.images;
    this.#weights = parts.weights;
    this.#tokenizer = parts.tokenizer;
    this.#scale = parts.scale;
  }

  /**
   * Loads a judge.
   *
   * @param folder Folder with `model.safetensors`, as `train.py --judge` writes it, and the files
   * of the tokenizer with which it was trained.
   * @throws {RangeError} If there are no weights, or a weight is missing or left over.
   * @throws {ModelConfigError} If the tokenizer is missing or wrong.
   */
  static async open(folder: string): Promise<Judge> {
    const files = new LocalFolder(folder);
    const tokenizer = await openClipTokenizer(files, "");
    const weights = await StateDict.open(files, "");
    try {
      const scale = Math.exp(floatView(weights.get("scale").read("float32"))[0]!);
      const graph = buildImageEncoder(weights, { batch: 1, size: JUDGE_SIZE });
      const images = await new OrtSessions({ runtime: "wasm" }).load(graph);
      return new Judge({ folder, images, weights, tokenizer, scale });
    } catch (error) {
      weights[Symbol.dispose]();
      throw error;
    }
  }

  /** Encodes texts. A text that the tokenizer truncates is encoded without its end. */
  async encodeCaptions(texts: readonly string[]): Promise<Captions> {
    const rows = texts.map((text) => this.#tokenizer.encode(text));
    const end = rows[0]?.at(-1) ?? 0;
    // The encoder is causal: what follows the end token has no effect.
    const length = Math.max(2, ...rows.map((row) => row.indexOf(end) + 1));
    const batch = Math.min(TEXT_BATCH, Math.max(1, rows.length));
    const graph = buildTextEncoder(this.#weights, { batch, length, end });
    await using session = await new OrtSessions({ runtime: "wasm" }).load(graph);
    const parts: Float32Array[] = [];
    for (let first = 0; first < rows.length; first += batch) {
      const some = rows.slice(first, first + batch);
      const filled = Array.from({ length: batch }, (_, i) => some[i] ?? some[0]!);
      const ids = BigInt64Array.from(filled.flatMap((row) => row.slice(0, length)), BigInt);
      const { outputs: { embedding } } = await session.runHost({
        input_ids: { data: ids, shape: [batch, length] },
      });
      const width = embedding!.shape[1]!;
      parts.push(unitRows(embedding!.data as Float32Array, width).subarray(0, some.length * width));
    }
    return { texts, embeddings: joined(parts) };
  }

  /** Encodes a picture. Returns an embedding of length 1, shape [D]. */
  async encodePicture(picture: Image): Promise<Float32Array> {
    const { outputs: { embedding } } = await this.#images.runHost({
      image: { data: judgeInput(picture), shape: [1, 3, JUDGE_SIZE, JUDGE_SIZE] },
    });
    return unitRows(embedding!.data as Float32Array, embedding!.shape[1]!);
  }

  /**
   * Compares a picture with captions.
   *
   * The softmax of the result is the probability of each caption, if exactly one of them is right.
   *
   * @param embedding Embedding of the picture.
   * @returns Scaled cosine similarity with each caption, shape [texts].
   */
  logits(embedding: Float32Array, { embeddings, texts }: Captions): Float32Array {
    const width = embedding.length;
    return Float32Array.from(texts, (_, row) => {
      let product = 0;
      for (let i = 0; i < width; i++) product += embedding[i]! * embeddings[row * width + i]!;
      return product * this.#scale;
    });
  }

  /** Frees the networks and closes the files. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#weights[Symbol.dispose]();
    await this.#images[Symbol.asyncDispose]();
  }
}

/**
 * Resizes a picture to the input of the judge.
 *
 * A small picture is enlarged by nearest neighbor, as in the training; a large one is averaged.
 *
 * @returns Shape [3, 64, 64], in [0, 1].
 */
export function judgeInput(picture: Image): Float32Array {
  const size = { height: JUDGE_SIZE, width: JUDGE_SIZE };
  const isLarge = picture.height > JUDGE_SIZE || picture.width > JUDGE_SIZE;
  const filter = isLarge ? "area" : "nearest";
  const values = resizeImage(picture, size, { fit: "stretch", filter }).toFloats();
  const area = JUDGE_SIZE * JUDGE_SIZE;
  return values.map((_, i) => values[(i % area) * 3 + Math.floor(i / area)]!);
}

/** Scales each row of [rows, width] to length 1. */
function unitRows(values: Float32Array, width: number): Float32Array {
  const result = values.slice();
  for (let first = 0; first < result.length; first += width) {
    const row = result.subarray(first, first + width);
    const length = Math.hypot(...row);
    for (const [i, value] of row.entries()) row[i] = value / length;
  }
  return result;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
