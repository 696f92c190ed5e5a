import { runtimeFile } from "../../lib/onnx/runtime/ort_runtime.ts";

/** Describes what numbers depend on: adapter and versions. */
export function describeEnvironment(adapterName: string): string {
  // Its version stands in the path of its file.
  const [, onnxruntime] = /onnxruntime-web\D+([\d.]+)/.exec(runtimeFile("wasm") ?? "") ?? [];
  return `adapter ${adapterName}; Deno ${Deno.version.deno}, onnxruntime-web ${onnxruntime}`;
}
