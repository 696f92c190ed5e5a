import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import { describeValue, type Graph, type Value } from "../graph/graph.ts";
import { SessionError } from "./session_error.ts";

/** A tensor in host memory. */
export interface HostTensor {
  /** Values, last side fastest. */
  readonly data: Float32Array | BigInt64Array | Int32Array;
  /** Sides, outermost first. */
  readonly shape: readonly number[];
}

/** A tensor of the runtime. */
export interface RuntimeTensor extends Disposable {
  /** Sides, outermost first. */
  readonly dims: readonly number[];
  /** Name of the type of its values. */
  readonly type: string;
}

/** A result that stayed with the runtime, to be given to another session of it. */
export class KeptTensor implements Disposable {
  /** Sides, outermost first. */
  readonly shape: readonly number[];
  /** Name of the type of its values. */
  readonly type: string;
  /** The runtime's own tensor; for sessions only. */
  readonly tensor: RuntimeTensor;

  /** Keeps a tensor, which is released with this. */
  constructor(tensor: RuntimeTensor) {
    this.shape = tensor.dims;
    this.type = tensor.type;
    this.tensor = tensor;
  }

  /** Releases its memory. */
  [Symbol.dispose](): void {
    this.tensor[Symbol.dispose]();
  }
}

/** What a session takes. Integers of 64 bits are given in host memory. */
export type Feed = GpuTensor | HostTensor | KeptTensor;

/**
 * Checks that every input of a graph is given, and nothing else.
 *
 * @throws {SessionError} With the input named.
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
    input.shape.every((side, axis) => side === feed.shape[axis]);
  const hasSize = !("data" in feed) || feed.data.length === shapeSize(input.shape);
  return isSameShape && hasSize && feedType(feed) === input.type;
}

function feedType(feed: Feed): string {
  if (feed instanceof KeptTensor) return feed.type;
  if (feed instanceof GpuTensor) return { f32: "float32", i32: "int32", u32: "uint32" }[feed.dtype];
  if (feed.data instanceof BigInt64Array) return "int64";
  return feed.data instanceof Int32Array ? "int32" : "float32";
}
