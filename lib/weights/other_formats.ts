/** Endings of files of weights that are not safetensors, and what such a file is. */
const FORMATS: readonly (readonly [ending: RegExp, description: string])[] = [
  [
    /\.(ckpt|pt|pth|bin|pkl)$/i,
    "a pickle, which can run code when it is opened; look for a .safetensors file of the same " +
    "model, or convert it in a place that you trust",
  ],
  [/\.gguf$/i, "a GGUF file, whose quantized weights are not supported; use a .safetensors file"],
  [/\.(onnx|engine|trt)$/i, "a compiled network; use a .safetensors file"],
];

/** Tells by its name why a file of weights cannot be read; undefined for another name. */
export function describeOtherFormat(location: string): string | undefined {
  return FORMATS.find(([ending]) => ending.test(location))?.[1];
}
