import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { encodeModel } from "../graph/encode_model.ts";
import type { Graph, GraphWeight } from "../graph/graph.ts";
import { bytesOfWeights, measureGraph } from "../graph/graph_memory.ts";
import { OrtDevice } from "../../patches/ort_device.ts";
import { padConvChannels } from "../rewrite/pad_conv_channels.ts";
import { applyWinograd } from "../rewrite/winograd.ts";
import { LazyBytes, type LazyBytesOptions, SharedRange } from "./lazy_bytes.ts";
import { checkRuntimeFile, loadOrtRuntime, type OrtSessionOptions } from "./ort_runtime.ts";
import { runtimeFile } from "./runtime_file.ts";
import { OrtSession } from "./ort_session.ts";
import { ReplayedSession } from "./replayed_session.ts";
import type { LoadOptions, Runtime, Session, SessionLoader } from "./session.ts";
import { explainFailure, SessionError } from "./session_error.ts";

/**
 * Loads networks into onnxruntime, each call a new one; batches are not built.
 *
 * The runtimes "webgpu" and "wasm" read one file, `runtimeFile`; "native" needs `--allow-ffi`.
 */
export class OrtSessions implements SessionLoader {
  readonly runtime: Runtime;
  readonly gpu: Gpu | null;
  readonly #replays: boolean;

  /**
   * Prepares to load networks.
   *
   * @param options.runtime What runs the networks.
   * @param options.gpu Device of the tensors; it is borrowed. Default: none, for tensors in host
   * memory only.
   * @param options.replays Whether runs on WebGPU are recorded and replayed where that is possible.
   * The results are the same. Default: true.
   */
  constructor({ runtime, gpu = null, replays = true }: {
    readonly runtime: Runtime;
    readonly gpu?: Gpu | null;
    readonly replays?: boolean;
  }) {
    this.runtime = runtime;
    this.gpu = gpu;
    this.#replays = replays;
  }

  async load(graph: Graph, { signal }: LoadOptions = {}): Promise<Session> {
    const { runtime, gpu } = this;
    signal?.throwIfAborted();
    const rewritten = rewriteFor(runtime, graph);
    let readError: unknown;
    try {
      await checkRuntimeFile(runtime);
      const ort = await loadOrtRuntime(runtime);
      // The native runtime keeps what it is given; the others copy it at once.
      const shared = runtime === "native" ? undefined : new SharedRange();
      const onError = (error: unknown) => readError = error;
      const options = {
        ...sessionOptions(runtime, gpu),
        externalData: rewritten.weights.map((weight) =>
          externalData(weight, runtime, { shared, onError })
        ),
      };
      const session = await ort.runExclusive(async () => {
        signal?.throwIfAborted();
        using _uploads = runtime === "webgpu" && gpu
          ? OrtDevice.of(gpu.device).uploadViaWriteBuffer()
          : undefined;
        return await ort.createSession(encodeModel(rewritten), options);
      });
      if (signal?.aborted) await ort.runExclusive(() => session.release());
      signal?.throwIfAborted();
      if (
        gpu && runtime === "webgpu" && this.#replays &&
        ReplayedSession.fits(graph, measureGraph(graph).activationBytes)
      ) {
        return new ReplayedSession(graph, { ort, session, gpu });
      }
      return new OrtSession(graph, { ort, session, runtime, gpu });
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      const traits = {
        runtime,
        file: runtimeFile(runtime),
        weightBytes: bytesOfWeights(rewritten),
      };
      const detail = readError instanceof Error ? readError.message : explainFailure(cause, traits);
      throw new SessionError("load", graph.name, detail, { cause: readError ?? cause });
    }
  }
}

/** Rewrites a graph to one that the runtime computes faster. */
function rewriteFor(runtime: Runtime, graph: Graph): Graph {
  if (runtime === "wasm") return applyWinograd(graph);
  // The native runtime already has fast convolutions.
  return runtime === "webgpu" ? padConvChannels(graph) : graph;
}

function sessionOptions(runtime: Runtime, gpu: Gpu | null): OrtSessionOptions {
  const options: OrtSessionOptions = { logSeverityLevel: 3, graphOptimizationLevel: "all" };
  if (runtime === "native") return { ...options, executionProviders: ["cpu"] };
  if (runtime === "wasm") return { ...options, executionProviders: ["wasm"] };
  if (!gpu) throw new TypeError("a GPU device is needed");
  const { device } = OrtDevice.of(gpu.device);
  // Freed buffers wait for a tensor of exactly their size. The default reuses them for similar
  // sizes: 0.5 GB more memory with SDXL, and no faster. The types do not know this option.
  const webgpu = { name: "webgpu", device, storageBufferCacheMode: "simple" } as const;
  return {
    ...options,
    // "all" also changes the layout of images, which takes more memory and is no faster.
    graphOptimizationLevel: "extended",
    executionProviders: [webgpu as { readonly name: "webgpu" }],
    preferredOutputLocation: "gpu-buffer",
  };
}

function externalData(
  { value, entry }: GraphWeight,
  runtime: Runtime,
  options: LazyBytesOptions,
): { path: string; data: Uint8Array } {
  const type = value.type === "float16" ? "float16" : "float32";
  const bytes = new LazyBytes(entry, type, options);
  // The native runtime takes the memory of an array, not its methods.
  return { path: value.name, data: runtime === "native" ? bytes.subarray() : bytes };
}
