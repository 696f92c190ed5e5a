import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import type { Runtime } from "./session.ts";

/**
 * Chooses what runs the networks where the user did not.
 *
 * Real hardware runs them itself. A software adapter is ten times slower than WebAssembly. The
 * native runtime is taken only when it is asked for: its package has 288 MB.
 */
export function chooseRuntime(gpu: Pick<Gpu, "isSoftware">, wanted: Runtime | "auto"): Runtime {
  if (wanted !== "auto") return wanted;
  return gpu.isSoftware ? "wasm" : "webgpu";
}
