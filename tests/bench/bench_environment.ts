import { runtimeFile } from "../../lib/onnx/runtime/runtime_file.ts";

/** Describes adapter and versions, the source of the numbers. */
export function describeEnvironment(adapterName: string): string {
  // Its version is in the path of its file.
  const [, onnxruntime] = /onnxruntime-web\D+([\d.]+)/.exec(runtimeFile("wasm") ?? "") ?? [];
  return `adapter ${adapterName}; Deno ${Deno.version.deno}, onnxruntime-web ${onnxruntime}`;
}
