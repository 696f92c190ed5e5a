import type { ImageSize } from "../../image/image.ts";
import type { Graph } from "../../onnx/graph/graph.ts";
import { measureGraph } from "../../onnx/graph/graph_memory.ts";
import {
  type NetworkPrecision,
  type PrecisionName,
  precisionName,
} from "../../onnx/runtime/network_precision.ts";
import { quantizeLinears } from "../../onnx/rewrite/quantize_linears.ts";
import type { Runtime } from "../../onnx/runtime/session.ts";
import { applyWinograd } from "../../onnx/rewrite/winograd.ts";

/** When a network is loaded: one text encoder after the other first, then all the rest. */
export type NetworkPhase = "prompts" | "steps";

/** A network of a run. */
export interface PlannedNetwork {
  /** Name for people, such as "UNet". */
  readonly name: string;
  /** When it is loaded. */
  readonly phase: NetworkPhase;
  /** What it computes, with weights of floats. */
  readonly graph: Graph;
  /** Whether large linear layers of it are quantized where that is asked for. */
  readonly isQuantized: boolean;
}

/** What a plan depends on besides the networks. */
export interface MemoryPlanOptions {
  /** What runs the networks. */
  readonly runtime: Runtime;
  /** In which precision. */
  readonly precision: NetworkPrecision;
  /** Size of the picture, in pixels. */
  readonly size: ImageSize;
  /** Size of the teacher's image, in pixels. */
  readonly teacherSize: ImageSize;
  /** Number of colors of the palette. */
  readonly colors: number;
  /** Pictures that are made at once. Default: 1. */
  readonly pictures?: number;
  /** What one half of the autoencoder keeps for the other, in bytes. */
  readonly keptBytes: number;
  /** Largest tensor that the adapter allows, in bytes; undefined where it is not known. */
  readonly largestBytes?: number | undefined;
}

/** What a network will take. */
export interface NetworkMemory {
  /** Name for people. */
  readonly name: string;
  /** When it is loaded. */
  readonly phase: NetworkPhase;
  /** Precision of its weights. */
  readonly precision: PrecisionName;
  /** Weights, in bytes. */
  readonly weightBytes: number;
  /** All else while it runs, in bytes; an estimate. */
  readonly activationBytes: number;
}

/** What a run will take, in bytes. */
export interface MemoryPlan {
  /** What runs the networks. */
  readonly runtime: Runtime;
  /** The networks. */
  readonly networks: readonly NetworkMemory[];
  /** What is no network: the picture, its optimizer, the teacher's image, and what is kept of it. */
  readonly ownBytes: number;
  /** Weights of all networks together; those of text encoders are freed before the others come. */
  readonly weightBytes: number;
  /** The most that is there at a time. */
  readonly peakBytes: number;
  /** The same for other precisions of the config. */
  readonly alternatives: readonly {
    readonly precision: PrecisionName;
    readonly peakBytes: number;
  }[];
  /** What will not fit for certain, a sentence each. */
  readonly problems: readonly string[];
}

/** All that WebAssembly can address: 32 bits. */
const WASM_BYTES = 2 ** 32;
/** Tensors of [H, W, K]: logits, gradient, two moments, noise, probabilities and their gradient. */
const PICTURE_TENSORS = 7;
/** Images of the teacher's size: the enlarged one, its random changes, their gradients. */
const TEACHER_TENSORS = 8;
/** Precisions that a plan compares. */
const PRECISIONS: readonly NetworkPrecision[] = [
  { precision: "float32" },
  { precision: "float16" },
  { weightBits: 8 },
  { weightBits: 4 },
];

/**
 * Plans what a run will take, before anything is loaded. Pure: no weight is read.
 *
 * On a GPU the networks are taken to share what they need while they run; on the CPU each keeps its
 * own.
 */
export function planMemory(
  networks: readonly PlannedNetwork[],
  options: MemoryPlanOptions,
): MemoryPlan {
  const { runtime, precision } = options;
  const measured = networks.map((network) => measureNetwork(network, options));
  const ownBytes = measureOwn(options);
  const peak = (list: readonly NetworkMemory[]) => peakOf(list, runtime) + ownBytes;
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
    ...{ runtime, ownBytes, alternatives },
    networks: measured.map(({ largestBytes: _, ...network }) => network),
    weightBytes: measured.reduce((sum, { weightBytes }) => sum + weightBytes, 0),
    peakBytes: peak(measured),
  };
  return { ...plan, problems: findProblems(plan.peakBytes, measured, options) };
}

type Measured = NetworkMemory & { readonly largestBytes: number };

function measureNetwork(
  { name, phase, graph, isQuantized }: PlannedNetwork,
  { runtime, precision }: Pick<MemoryPlanOptions, "runtime" | "precision">,
): Measured {
  const { weightBits } = precision;
  const quantized = isQuantized ? quantizeLinears(graph, { weightBits }) : graph;
  const type = graph.weights[0]?.value.type === "float16" ? "float16" : "float32";
  return {
    ...{ name, phase },
    precision: precisionName({ precision: type, ...(isQuantized ? { weightBits } : {}) }),
    ...measureGraph(runtime === "wasm" ? applyWinograd(quantized) : quantized),
  };
}

/** Measures a network as it would be with another precision, of the graph that there is. */
function restate(
  network: PlannedNetwork,
  { runtime, precision: current }: MemoryPlanOptions,
  other: NetworkPrecision,
): NetworkMemory {
  const measured = measureNetwork(network, { runtime, precision: other });
  if (!network.isQuantized) return measured;
  const factor = (other.precision === "float16" ? 2 : 4) /
    (current.precision === "float16" ? 2 : 4);
  return {
    ...measured,
    weightBytes: measured.weightBytes * factor,
    activationBytes: measured.activationBytes * factor,
  };
}

function measureOwn(
  { size, teacherSize, colors, keptBytes, pictures = 1 }: MemoryPlanOptions,
): number {
  const logits = size.height * size.width * colors;
  const image = teacherSize.height * teacherSize.width * 3;
  return keptBytes + 4 * pictures * (PICTURE_TENSORS * logits + TEACHER_TENSORS * image);
}

function peakOf(networks: readonly NetworkMemory[], runtime: Runtime): number {
  const alone = networks.filter(({ phase }) => phase === "prompts")
    .map(({ weightBytes, activationBytes }) => weightBytes + activationBytes);
  const together = networks.filter(({ phase }) => phase === "steps");
  const activations = together.map(({ activationBytes }) => activationBytes);
  const shared = runtime === "webgpu"
    ? Math.max(0, ...activations)
    : activations.reduce((sum, bytes) => sum + bytes, 0);
  const weights = together.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
  return Math.max(...alone, weights + shared);
}

function findProblems(
  peakBytes: number,
  networks: readonly Measured[],
  { runtime, largestBytes: limit }: MemoryPlanOptions,
): string[] {
  if (runtime === "wasm" && peakBytes > WASM_BYTES) {
    return [
      `The run will take about ${megabytes(peakBytes)} MB, but WebAssembly has ` +
      `${megabytes(WASM_BYTES)} MB at most`,
    ];
  }
  if (runtime !== "webgpu" || limit === undefined) return [];
  return networks.filter(({ largestBytes }) => largestBytes > limit)
    .map(({ name, largestBytes }) =>
      `A tensor of the ${name} will take ${megabytes(largestBytes)} MB, but the adapter allows ` +
      `${megabytes(limit)} MB for one`
    );
}

/** Formats bytes as megabytes (2^20 bytes), rounded up. */
export function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
