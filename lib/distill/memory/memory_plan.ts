import { defined } from "../../text/defined.ts";
import { megabytes } from "../../text/format_bytes.ts";
import type { ImageSize } from "../../image/image.ts";
import type { Graph } from "../../onnx/graph/graph.ts";
import { countBuffers, measureGraph } from "../../onnx/graph/graph_memory.ts";
import {
  type NetworkPrecision,
  type PrecisionName,
  precisionName,
} from "../../onnx/runtime/network_precision.ts";
import { quantizeLinears } from "../../onnx/rewrite/quantize_linears.ts";
import type { Runtime } from "../../onnx/runtime/session.ts";
import { MAX_REPLAYED_BYTES } from "../../onnx/runtime/replay_limit.ts";
import { applyWinograd } from "../../onnx/rewrite/winograd.ts";

/** When a network is loaded: first the text encoders one by one, then all others together. */
export type NetworkPhase = "prompts" | "steps";

/** A network of a run. */
export interface PlannedNetwork {
  /** Name for display, such as "UNet". */
  readonly name: string;
  /** When it is loaded. */
  readonly phase: NetworkPhase;
  /** Its graph, with float weights. */
  readonly graph: Graph;
  /** Whether its large linear layers are quantized if the precision says so. */
  readonly isQuantized: boolean;
}

/** Options of {@linkcode planMemory}. */
export interface MemoryPlanOptions {
  /** Runtime of the networks. */
  readonly runtime: Runtime;
  /** Precision of the networks. */
  readonly precision: NetworkPrecision;
  /** Size of the picture, in pixels. */
  readonly size: ImageSize;
  /** Size of the teacher's image, in pixels. */
  readonly teacherSize: ImageSize;
  /** Number of colors of the palette. */
  readonly colors: number;
  /** Pictures in a batch. Default: 1. */
  readonly pictures?: number;
  /** Saved tensors of the autoencoder's encoder, in bytes. */
  readonly savedBytes: number;
  /** Max size of a tensor on the adapter in bytes; undefined if unknown. */
  readonly largestBytes?: number | undefined;
}

/** Memory of a network. */
export interface NetworkMemory {
  /** Name for display. */
  readonly name: string;
  /** When it is loaded. */
  readonly phase: NetworkPhase;
  /** Precision of its weights. */
  readonly precision: PrecisionName;
  /** Weights, in bytes. */
  readonly weightBytes: number;
  /** Estimated activations, in bytes. */
  readonly activationBytes: number;
}

/** Memory of a run. */
export interface MemoryPlan {
  /** Runtime of the networks. */
  readonly runtime: Runtime;
  /** The networks. */
  readonly networks: readonly NetworkMemory[];
  /** Memory besides the networks, in bytes: picture, optimizer, teacher's image, saved tensors. */
  readonly otherBytes: number;
  /** Weights of all networks in bytes; the text encoders are freed before the others are loaded. */
  readonly weightBytes: number;
  /** Peak memory, in bytes. */
  readonly peakBytes: number;
  /** Peak memory with other precisions, in bytes. */
  readonly alternatives: readonly {
    readonly precision: PrecisionName;
    readonly peakBytes: number;
  }[];
  /** Problems that are certain, such as more memory than WebAssembly has; a sentence each. */
  readonly problems: readonly string[];
}

/** Max memory of WebAssembly, which addresses 32 bits. */
const WASM_BYTES = 2 ** 32;
/**
 * Number of [H, W, K] tensors: logits, their gradient, AdamW's two moments, Gumbel noise,
 * probabilities, and the gradient of the probabilities.
 */
const PICTURE_TENSORS = 7;
/**
 * Number of [h, w, 3] tensors of the teacher's size: the enlarged and the augmented images, and
 * their gradients.
 */
const TEACHER_TENSORS = 8;
/** Precisions that are compared. */
const PRECISIONS: readonly NetworkPrecision[] = [
  { precision: "float32" },
  { precision: "float16" },
  { weightBits: 8 },
  { weightBits: 4 },
];

/**
 * Estimates the memory of a run from its graphs, without reading weights.
 *
 * Networks run one after the other. On a GPU they share the buffers of their activations, and
 * buffers that were needed once are kept; on a CPU each network has its own memory. What a driver
 * takes for itself, such as 0.5 GB, is not counted.
 */
export function planMemory(
  networks: readonly PlannedNetwork[],
  options: MemoryPlanOptions,
): MemoryPlan {
  const { runtime, precision } = options;
  const measured = networks.map((network) => measureNetwork(network, options));
  const otherBytes = measureOther(options);
  const peak = (list: readonly Measured[]) => peakOf(list, runtime) + otherBytes;
  const alternatives = PRECISIONS
    .map((other) => ({ precision: other.precision ?? precision.precision ?? "float32", ...other }))
    .filter((other) => precisionName(other) !== precisionName(precision))
    // A CPU computes in float32 only.
    .filter((other) => runtime === "webgpu" || other.precision === "float32")
    .map((other) => ({
      precision: precisionName(other),
      peakBytes: peak(networks.map((network) => restate(network, options, other))),
    }));
  const plan = {
    runtime,
    otherBytes,
    alternatives,
    networks: measured.map(({ largestBytes: _1, liveBytes: _2, buffers: _3, ...rest }) => rest),
    weightBytes: measured.reduce((sum, { weightBytes }) => sum + weightBytes, 0),
    peakBytes: peak(measured),
  };
  return { ...plan, problems: findProblems(plan.peakBytes, measured, options) };
}

interface Measured extends NetworkMemory {
  readonly largestBytes: number;
  /** Peak of the tensors that are needed at the same time. */
  readonly liveBytes: number;
  /** Number of buffers on a GPU by their size. */
  readonly buffers: ReadonlyMap<number, number>;
}

function measureNetwork(
  { name, phase, graph, isQuantized }: PlannedNetwork,
  { runtime, precision }: Pick<MemoryPlanOptions, "runtime" | "precision">,
): Measured {
  const { weightBits } = precision;
  const quantized = isQuantized ? quantizeLinears(graph, { weightBits }) : graph;
  const type = graph.weights[0]?.value.type === "float16" ? "float16" : "float32";
  const { activationBytes: liveBytes, ...sizes } = measureGraph(
    runtime === "wasm" ? applyWinograd(quantized) : quantized,
  );
  const buffers = countBuffers(quantized);
  return {
    name,
    phase,
    precision: precisionName({
      precision: type,
      ...defined({ weightBits: isQuantized ? weightBits : undefined }),
    }),
    ...sizes,
    liveBytes,
    buffers,
    activationBytes: runtime === "webgpu" ? bytesOfBuffers(buffers) : liveBytes,
  };
}

/** Estimates a network with another precision from the graph with the present one. */
function restate(
  network: PlannedNetwork,
  { runtime, precision: current }: MemoryPlanOptions,
  other: NetworkPrecision,
): Measured {
  const measured = measureNetwork(network, { runtime, precision: other });
  if (!network.isQuantized) return measured;
  const factor = (other.precision === "float16" ? 2 : 4) /
    (current.precision === "float16" ? 2 : 4);
  return {
    ...measured,
    weightBytes: measured.weightBytes * factor,
    activationBytes: measured.activationBytes * factor,
    liveBytes: measured.liveBytes * factor,
    buffers: new Map([...measured.buffers].map(([size, count]) => [size * factor, count])),
  };
}

function measureOther(
  { size, teacherSize, colors, savedBytes, pictures = 1 }: MemoryPlanOptions,
): number {
  const logits = size.height * size.width * colors;
  const image = teacherSize.height * teacherSize.width * 3;
  return savedBytes + 4 * pictures * (PICTURE_TENSORS * logits + TEACHER_TENSORS * image);
}

function peakOf(networks: readonly Measured[], runtime: Runtime): number {
  const alone = networks.filter(({ phase }) => phase === "prompts")
    .map(({ weightBytes, activationBytes }) => weightBytes + activationBytes);
  const together = networks.filter(({ phase }) => phase === "steps");
  const shared = runtime === "webgpu"
    ? bytesOfShared(together)
    : together.reduce((sum, { activationBytes }) => sum + activationBytes, 0);
  const weights = together.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
  return Math.max(...alone, weights + shared);
}

/** Networks whose runs are replayed have a second set of buffers, which they share. */
function bytesOfShared(networks: readonly Measured[]): number {
  const shared = new Map<number, number>();
  for (const [size, count] of networks.flatMap(({ buffers }) => [...buffers])) {
    shared.set(size, Math.max(shared.get(size) ?? 0, count));
  }
  const replayed = networks.map(({ liveBytes }) => liveBytes)
    .filter((bytes) => bytes <= MAX_REPLAYED_BYTES);
  return bytesOfBuffers(shared) + Math.max(0, ...replayed);
}

function bytesOfBuffers(buffers: ReadonlyMap<number, number>): number {
  return buffers.entries().reduce((sum, [size, count]) => sum + size * count, 0);
}

function findProblems(
  peakBytes: number,
  networks: readonly Measured[],
  { runtime, largestBytes: limit }: MemoryPlanOptions,
): string[] {
  if (runtime === "wasm" && peakBytes > WASM_BYTES) {
    return [
      `The run needs about ${megabytes(peakBytes)} MB, but WebAssembly has at most ` +
      `${megabytes(WASM_BYTES)} MB`,
    ];
  }
  if (runtime !== "webgpu" || limit === undefined) return [];
  return networks.filter(({ largestBytes }) => largestBytes > limit)
    .map(({ name, largestBytes }) =>
      `A tensor of the ${name} needs ${megabytes(largestBytes)} MB, but the adapter allows ` +
      `${megabytes(limit)} MB per tensor`
    );
}
