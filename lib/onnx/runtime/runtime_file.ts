import type { Runtime } from "./session.ts";

/** Returns the address of the WebAssembly file of a runtime. */
export function wasmFile(runtime: Exclude<Runtime, "native">): string {
  return runtime === "webgpu"
    ? import.meta.resolve("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.asyncify.wasm")
    : import.meta.resolve("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.wasm");
}

/** Returns the file that a runtime reads, for `--allow-read`; undefined where it reads several. */
export function runtimeFile(runtime: Runtime): string | undefined {
  if (runtime === "native") return undefined;
  return decodeURIComponent(new URL(wasmFile(runtime)).pathname);
}
