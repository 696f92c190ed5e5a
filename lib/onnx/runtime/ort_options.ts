import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import type { OrtSessionOptions, Runtime } from "./session.ts";

/**
 * Chooses with what options onnxruntime loads a network.
 *
 * @param gpu Device of the tensors, if there is one.
 * @throws {TypeError} If the runtime "webgpu" gets no device.
 */
export function ortOptions(gpu: Gpu | null, runtime: Runtime): OrtSessionOptions {
  const options: OrtSessionOptions = { logSeverityLevel: 3, graphOptimizationLevel: "all" };
  if (runtime === "native") return { ...options, executionProviders: ["cpu"] };
  if (runtime === "wasm") return { ...options, executionProviders: ["wasm"] };
  if (!gpu) throw new TypeError("a GPU device is needed");
  return {
    ...options,
    // What "all" has besides is another layout of images, which is no faster and takes more memory.
    graphOptimizationLevel: "extended",
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
