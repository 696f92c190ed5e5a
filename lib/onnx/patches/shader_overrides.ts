import { fasterAttentionShader } from "./attention_shader.ts";
import { fasterProductShader } from "./matmul_shader.ts";

const devices = new WeakSet<GPUDevice>();

/**
 * Lets a device compile faster shaders in place of some of onnxruntime's: matrix products,
 * convolutions and attention, which are nearly all the work of a network.
 *
 * onnxruntime-web has no way to give it kernels, but it compiles those that it has through the device
 * that it gets. A shader that is not recognized stays as it is. On an H100 the UNet of SDXL is
 * 3.7 times as fast with them (tests/bench/RESULTS.md).
 */
export function useFasterShaders(device: GPUDevice): void {
  if (devices.has(device)) return;
  devices.add(device);
  const { createShaderModule } = device;
  device.createShaderModule = (descriptor) =>
    createShaderModule.call(device, { ...descriptor, code: fasterShader(descriptor.code) });
}

/** Returns a faster shader that takes the place of another, or that one. */
export function fasterShader(code: string): string {
  return fasterProductShader(code) ?? fasterAttentionShader(code) ?? code;
}
