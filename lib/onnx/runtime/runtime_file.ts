import type { Runtime } from "./session.ts";

/** Returns the file that a runtime reads, for `--allow-read`; undefined where it reads several. */
export function runtimeFile(runtime: Runtime): string | undefined {
  if (runtime === "native") return undefined;
  const url = runtime === "webgpu"
    ? import.meta.resolve("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.asyncify.wasm")
    : import.meta.resolve("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.wasm");
  return decodeURIComponent(new URL(url).pathname);
}
