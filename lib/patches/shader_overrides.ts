import { overrideAttentionShader } from "./attention_shader.ts";
import { overrideMatmulShader } from "./matmul_shader.ts";
import { overrideQuantizedShader } from "./quantized_shader.ts";

/**
 * Overrides a shader of onnxruntime with a faster one: matrix products (also of quantized
 * matrices), convolutions and attention,
 * which are nearly all the work of a network.
 *
 * onnxruntime-web has no interface for custom kernels, but it compiles its own through the device
 * that it is given. On an H100, the UNet of SDXL is 3.7 times as fast with the overrides
 * (tests/bench/RESULTS.md).
 *
 * @param code WGSL of a shader module.
 * @returns The faster shader, or `code` if it is not recognized.
 */
export function overrideShader(code: string): string {
  return overrideMatmulShader(code) ?? overrideQuantizedShader(code) ??
    overrideAttentionShader(code) ?? code;
}
