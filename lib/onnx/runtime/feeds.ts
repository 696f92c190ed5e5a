import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import { describeValue, type Graph, type Value } from "../graph/graph.ts";
import { SessionError } from "./session_error.ts";

/** A tensor in host memory. */
export interface HostTensor {
  /** Values, row-major: the last dimension varies fastest. */
  readonly data: Float32Array | BigInt64Array | Int32Array;
  /** Sizes of the dimensions, outermost first. */
  readonly shape: readonly number[];
}

/** A tensor in the memory of the runtime. */
export interface RuntimeTensor extends Disposable {
  /** Sizes of the dimensions, outermost first. */
  readonly dims: readonly number[];
  /** Type of the values, such as "float32". */
  readonly type: string;
}

/** An output that stays with the runtime, as an input of another session of the same runtime. */
export class SavedTensor implements Disposable {
  /** Sizes of the dimensions, outermost first. */
  readonly shape: readonly number[];
  /** Type of the values, such as "float32". */
  readonly type: string;
  /** The tensor of the runtime; only sessions use it. */
  readonly tensor: RuntimeTensor;

  /** Takes over a tensor. */
  constructor(tensor: RuntimeTensor) {
    this.shape = tensor.dims;
    this.type = tensor.type;
    this.tensor = tensor;
  }

  /** Frees the tensor. */
  [Symbol.dispose](): void {
    this.tensor[Symbol.dispose]();
  }
}

/** An input of a session. 64-bit integers must be in host memory. */
export type Feed = GpuTensor | HostTensor | SavedTensor;

/**
 * Checks that there is a feed for every input of a graph, of its type and shape, and no other.
 *
 * @throws {SessionError} If not; it names the input.
 */
export function checkFeeds(
  graph: Pick<Graph, "name" | "inputs">,
  feeds: Readonly<Record<string, Feed>>,
): void {
  const fail = (detail: string) => new SessionError("run", graph.name, detail);
  for (const input of graph.inputs) {
    const feed = feeds[input.name];
    if (!feed) throw fail(`expected an input "${input.name}", got none`);
    if (fits(feed, input)) continue;
    const size = "data" in feed ? ` with ${feed.data.length} values` : "";
    throw fail(
      `expected input "${input.name}" to be ${describeValue(input)}, ` +
        `got ${feedType(feed)} [${feed.shape.join(", ")}]${size}`,
    );
  }
  const names = graph.inputs.map(({ name }) => name);
  const unknown = Object.keys(feeds).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw fail(`expected inputs ${names.map((name) => `"${name}"`).join(", ")}, got "${unknown}"`);
}

function fits(feed: Feed, input: Value): boolean {
  const isSameShape = feed.shape.length === input.shape.length &&
    input.shape.every((size, axis) => size === feed.shape[axis]);
  const hasSize = !("data" in feed) || feed.data.length === shapeSize(input.shape);
  return isSameShape && hasSize && feedType(feed) === input.type;
}

function feedType(feed: Feed): string {
  if (feed instanceof SavedTensor) return feed.type;
  if (feed instanceof GpuTensor) return { f32: "float32", i32: "int32", u32: "uint32" }[feed.dtype];
  if (feed.data instanceof BigInt64Array) return "int64";
  return feed.data instanceof Int32Array ? "int32" : "float32";
}
