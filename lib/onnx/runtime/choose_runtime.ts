import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import type { Runtime } from "./session.ts";

/**
 * Chooses the runtime of the networks, if the user did not.
 *
 * Real hardware runs them on WebGPU. A software adapter is ten times slower than WebAssembly. The
 * native runtime must be asked for: its package has 288 MB.
 */
export function chooseRuntime(gpu: Pick<Gpu, "isSoftware">, wanted: Runtime | "auto"): Runtime {
  if (wanted !== "auto") return wanted;
  return gpu.isSoftware ? "wasm" : "webgpu";
}
