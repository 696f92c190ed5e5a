import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import type { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import type { Graph } from "../graph/graph.ts";
import type { Feed, HostTensor, SavedTensor } from "./feeds.ts";

export type { Feed, HostTensor, SavedTensor };

/**
 * What runs the networks: onnxruntime-web on WebGPU, onnxruntime-web on the CPU by WebAssembly, or
 * onnxruntime-node on the CPU.
 */
export type Runtime = "webgpu" | "wasm" | "native";

/** Result of a run of a network. */
export interface SessionResult<T extends GpuTensor | HostTensor> {
  /** The outputs by name, except those that are saved; the caller owns them. */
  readonly outputs: Record<string, T>;
  /** The outputs that the graph names in `saved`; the caller disposes of them. */
  readonly saved: Record<string, SavedTensor>;
}

/** A network that is ready to run. Concurrent calls run one after the other. */
export interface Session extends AsyncDisposable {
  /** Names of the inputs, as in the graph. */
  readonly inputNames: readonly string[];
  /** Names of the outputs, as in the graph. */
  readonly outputNames: readonly string[];
  /** What runs it. */
  readonly runtime: Runtime;
  /**
   * Runs the network; the outputs are on the GPU.
   *
   * @param feeds A tensor for every input.
   * @throws {SessionError} If the feeds do not fit, there is no GPU device, or the runtime fails.
   */
  run(feeds: Readonly<Record<string, Feed>>): Promise<SessionResult<GpuTensor>>;
  /**
   * Runs the network on tensors in host memory; the outputs are in host memory.
   *
   * @param feeds A tensor for every input.
   * @throws {SessionError} If the feeds do not fit, or the runtime fails.
   */
  runHost(
    feeds: Readonly<Record<string, HostTensor | SavedTensor>>,
  ): Promise<SessionResult<HostTensor>>;
}

/** How a graph is built for a batch of pictures. */
export interface BatchedGraph {
  /**
   * Builds the graph for a number of pictures. Its inputs and outputs are those of the graph for
   * one picture, with the first dimension multiplied by that number. Saved outputs may have any
   * shape and name.
   */
  build(size: number): Graph;
  /**
   * Weights, in bytes, that decide about padding. Networks that must have the same batch size give
   * the sum of their weights. Default: the weights of the graph.
   */
  readonly weightBytes?: number;
}

/** Options of {@linkcode SessionLoader.load}. */
export interface LoadOptions {
  /** How the graph is built for a batch. Default: the network takes one picture at a time. */
  readonly batch?: BatchedGraph;
  /** Whether a run needs the network only once: pools keep no large ones. Default: false. */
  readonly transient?: boolean;
  /** Cancels the loading. */
  readonly signal?: AbortSignal;
}

/** Loads networks. Implementations wrap each other: see `createRun`. */
export interface SessionLoader {
  /** What runs the networks. */
  readonly runtime: Runtime;
  /** Device of the tensors; null for networks that only run on tensors in host memory. */
  readonly gpu: Gpu | null;
  /**
   * Loads a network. Its weights are read here, tensor by tensor.
   *
   * @param graph The graph for one picture.
   * @returns A session that the caller disposes of.
   * @throws {SessionError} If the runtime refuses.
   */
  load(graph: Graph, options?: LoadOptions): Promise<Session>;
}
