import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Graph } from "./graph.ts";
import type { OrtSessionOptions, Runtime } from "./session.ts";

/**
 * Options by which weights stay as they are: converted ahead, they would pass through the memory of
 * WebAssembly and stay twice as large on the GPU. The highest level converts them whatever the
 * limit; what it has besides, another layout of images, was not faster on an H100.
 */
const UNFOLDED: OrtSessionOptions = {
  graphOptimizationLevel: "extended",
  extra: { optimization: { constant_folding_max_output_size_in_bytes: `${2 ** 16}` } },
};

/**
 * Chooses with what options onnxruntime loads a network.
 *
 * @param gpu Device of the tensors, if there is one.
 * @throws {TypeError} If the runtime "webgpu" gets no device.
 */
export function ortOptions(gpu: Gpu | null, graph: Graph, runtime: Runtime): OrtSessionOptions {
  const options: OrtSessionOptions = {
    logSeverityLevel: 3,
    ...(castsWeights(graph) ? UNFOLDED : { graphOptimizationLevel: "all" }),
  };
  if (runtime === "native") return { ...options, executionProviders: ["cpu"] };
  if (runtime === "wasm") return { ...options, executionProviders: ["wasm"] };
  if (!gpu) throw new TypeError("a GPU device is needed");
  return {
    ...options,
    // Freed buffers wait for a tensor of their size; by default for one of about their size, which
    // takes 0.5 GB more with SDXL and is no faster.
    executionProviders: [
      {
        ...{ name: "webgpu", device: gpu.device, storageBufferCacheMode: "simple" },
      } as { name: "webgpu" },
    ],
    preferredOutputLocation: "gpu-buffer",
  };
}

/** Whether weights are converted when the network runs. */
function castsWeights({ nodes, weights }: Graph): boolean {
  const names = new Set(weights.map(({ value }) => value.name));
  return nodes.some(({ op, inputs }) => op === "Cast" && names.has(inputs[0]!));
}
