import { fileURLToPath } from "node:url";
import type { Image, ImageSize } from "../../../lib/image/image.ts";
import { resizeImage } from "../../../lib/image/resize_image.ts";
import { conv2d, linear } from "../../../lib/models/layers/weighted_layers.ts";
import type { Graph, Value } from "../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../lib/onnx/graph/graph_builder.ts";
import type { Session } from "../../../lib/onnx/runtime/session.ts";
import { WeightScope } from "../../../lib/onnx/graph/weight_scope.ts";
import { fileSource } from "../../../lib/weights/file_source.ts";
import { readSafetensorsHeader } from "../../../lib/weights/safetensors.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";

/** Path of the trained weights. */
export const CLASSIFIER_PATH = fileURLToPath(new URL("judge.safetensors", import.meta.url));

/** Height and width of its input, in pixels. */
export const CLASSIFIER_SIZE = 64;

/** There are no weights of the classifier. */
export class MissingClassifierError extends Error {
  /** Name of the class. */
  override readonly name = "MissingClassifierError";
}

/**
 * Builds the graph of the classifier, a network of residual blocks.
 *
 * The weights determine the widths and the number of blocks. A block with a "skip" convolution
 * halves height and width.
 *
 * Source: `assets/models/mini/training/judge.py`, with its batch norms folded in.
 *
 * @param options.names Number of names.
 * @param options.batch Batch size N. Default: 1.
 * @param options.size Height and width S of the input, in pixels. Default: 64.
 * @returns Input "image" [N, 3, S, S] in [0, 1]; output "logits" [N, names].
 */
function buildClassifier(
  weights: StateDict,
  options: { readonly names: number; readonly batch?: number; readonly size?: number },
): Graph {
  const { names, batch = 1, size = CLASSIFIER_SIZE } = options;
  const g = new GraphBuilder("classifier");
  const root = new WeightScope(g, weights);
  const image = g.input("image", [batch, 3, size, size]);
  const first = root.at("conv_in");
  let x = g.relu(
    conv2d(g, first, g.sub(g.mul(image, 2), 1), { channels: first.shapeOf("weight")[0]! }),
  );
  const blocks = root.at("blocks");
  for (let i = 0; blocks.has(i); i++) x = block(g, blocks.at(i), x);
  const mean = g.reduceMean(x, [2, 3], false);
  g.output("logits", linear(g, root.at("head"), mean, { width: names }));
  root.assertAllUsed();
  return g.build();
}

function block(g: GraphBuilder, w: WeightScope, x: Value): Value {
  const channels = w.at("conv1").shapeOf("weight")[0]!;
  const halves = w.has("skip");
  const stride = halves ? 2 : 1;
  const inner = g.relu(conv2d(g, w.at("conv1"), x, { channels, stride }));
  const outer = conv2d(g, w.at("conv2"), inner, { channels });
  const skip = halves
    ? conv2d(g, w.at("skip"), x, { channels, kernel: 1, stride, bias: false })
    : x;
  return g.relu(g.add(outer, skip));
}

/** A classifier of pixel art. It was trained without any images of a teacher. */
export class Classifier implements AsyncDisposable {
  /** Its names, in the order of its output. */
  readonly names: readonly string[];
  readonly #session: Session;

  private constructor(names: readonly string[], session: Session) {
    this.names = names;
    this.#session = session;
  }

  /**
   * Loads the classifier. It runs on the CPU, so its output is the same on all machines.
   *
   * @throws {MissingClassifierError} If there are no weights. The message tells how to train them.
   */
  static async open(path: string): Promise<Classifier> {
    const source = openSource(path);
    using weights = StateDict.fromSources([source], path);
    const names = readNames(readSafetensorsHeader(source).metadata["names"], path);
    const graph = buildClassifier(weights, { names: names.length });
    return new Classifier(names, await new OrtSessions({ runtime: "wasm" }).load(graph));
  }

  /** Returns a logit for each name, shape [names]. */
  async classify(picture: Image): Promise<Float32Array> {
    const { outputs: { logits } } = await this.#session.runHost({
      image: { data: classifierInput(picture), shape: [1, 3, CLASSIFIER_SIZE, CLASSIFIER_SIZE] },
    });
    return logits!.data as Float32Array;
  }

  /** Frees the network. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

/**
 * Resizes a picture to the input of the classifier.
 *
 * A small picture is enlarged by nearest neighbor, as in the training; a large one is averaged.
 *
 * @returns Shape [3, 64, 64], in [0, 1].
 */
export function classifierInput(picture: Image): Float32Array {
  const size: ImageSize = { height: CLASSIFIER_SIZE, width: CLASSIFIER_SIZE };
  const isLarge = picture.height > CLASSIFIER_SIZE || picture.width > CLASSIFIER_SIZE;
  const filter = isLarge ? "area" : "nearest";
  const values = resizeImage(picture, size, { fit: "stretch", filter }).toFloats();
  const area = CLASSIFIER_SIZE * CLASSIFIER_SIZE;
  return values.map((_, i) => values[(i % area) * 3 + Math.floor(i / area)]!);
}

function openSource(path: string) {
  try {
    return fileSource(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new MissingClassifierError(
      `Cannot classify pictures: there is no "${path}"; ` +
        `train it on a GPU by assets/models/mini/training/train.py --judge`,
      { cause },
    );
  }
}

function readNames(text: string | undefined, path: string): string[] {
  const names: unknown = text === undefined ? undefined : JSON.parse(text);
  const isList = Array.isArray(names) && names.every((name) => typeof name === "string");
  if (isList && names.length > 0) return names;
  throw new TypeError(
    `Cannot use "${path}" as a classifier: expected a list "names" in its metadata`,
  );
}
