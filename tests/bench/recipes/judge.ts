import { fileURLToPath } from "node:url";
import type { Image, ImageSize } from "../../../lib/image/image.ts";
import { resizeImage } from "../../../lib/image/resize_image.ts";
import { conv2d, linear } from "../../../lib/models/layers/layers.ts";
import type { Graph, Value } from "../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../lib/onnx/graph/graph_builder.ts";
import type { Session } from "../../../lib/onnx/runtime/session.ts";
import { WeightScope } from "../../../lib/onnx/graph/weight_scope.ts";
import { fileSource } from "../../../lib/weights/file_source.ts";
import { readSafetensorsHeader } from "../../../lib/weights/safetensors.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";

/** Where the judge lies once it is trained. */
export const JUDGE_PATH = fileURLToPath(new URL("judge.safetensors", import.meta.url));

/** Side of the picture that the judge looks at, in pixels. */
export const JUDGE_SIDE = 64;

/** The judge has not been trained yet. */
export class MissingJudgeError extends Error {
  /** Name of the class. */
  override readonly name = "MissingJudgeError";
}

/**
 * Builds the graph of the judge: a classifier of residual blocks.
 *
 * Widths and numbers of blocks are those of the weights. A block with a "skip" convolution halves
 * the sides.
 *
 * Source: `assets/models/mini/training/judge.py`, with its batch norms folded in.
 *
 * @param options.names Number of names.
 * @returns Inputs image [N, 3, side, side] in [0, 1]; outputs logits [N, names].
 */
export function buildJudge(
  weights: StateDict,
  options: { readonly names: number; readonly batch?: number; readonly side?: number },
): Graph {
  const { names, batch = 1, side = JUDGE_SIDE } = options;
  const g = new GraphBuilder("judge");
  const root = new WeightScope(g, weights);
  const image = g.input("image", [batch, 3, side, side]);
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

/** A classifier that names what a piece of pixel art shows, and has never seen a teacher. */
export class Judge implements AsyncDisposable {
  /** All names that it knows, in the order of its output. */
  readonly names: readonly string[];
  readonly #session: Session;

  private constructor(names: readonly string[], session: Session) {
    this.names = names;
    this.#session = session;
  }

  /**
   * Loads the judge. It runs on the CPU, so that it is the same on every machine.
   *
   * @throws {MissingJudgeError} If it is not there, with how it is trained.
   */
  static async open(path: string): Promise<Judge> {
    const source = openSource(path);
    using weights = StateDict.fromSources([source], path);
    const names = readNames(readSafetensorsHeader(source).metadata["names"], path);
    const graph = buildJudge(weights, { names: names.length });
    return new Judge(names, await new OrtSessions({ runtime: "wasm" }).load(graph));
  }

  /** Returns a logit for each name. */
  async look(picture: Image): Promise<Float32Array> {
    const { outputs: { logits } } = await this.#session.runHost({
      image: { data: judgeInput(picture), shape: [1, 3, JUDGE_SIDE, JUDGE_SIDE] },
    });
    return logits!.data as Float32Array;
  }

  /** Frees the network. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

/**
 * Brings a picture to what the judge looks at, as planes [3, 64, 64] in [0, 1].
 *
 * Small pictures are enlarged without smoothing, as in its training; larger ones are averaged.
 */
export function judgeInput(picture: Image): Float32Array {
  const size: ImageSize = { height: JUDGE_SIDE, width: JUDGE_SIDE };
  const isLarge = picture.height > JUDGE_SIDE || picture.width > JUDGE_SIDE;
  const filter = isLarge ? "area" : "nearest";
  const values = resizeImage(picture, size, { fit: "stretch", filter }).toFloats();
  const area = JUDGE_SIDE * JUDGE_SIDE;
  return values.map((_, i) => values[(i % area) * 3 + Math.floor(i / area)]!);
}

function openSource(path: string) {
  try {
    return fileSource(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new MissingJudgeError(
      `Cannot judge pictures: there is no "${path}"; ` +
        `train it on a GPU by assets/models/mini/training/train.py --judge`,
      { cause },
    );
  }
}

function readNames(text: string | undefined, path: string): string[] {
  const names: unknown = text === undefined ? undefined : JSON.parse(text);
  const isList = Array.isArray(names) && names.every((name) => typeof name === "string");
  if (isList && names.length > 0) return names;
  throw new TypeError(`Cannot use "${path}" as a judge: expected a list "names" in its metadata`);
}
