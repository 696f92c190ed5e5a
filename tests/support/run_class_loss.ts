import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { ClassLoss } from "../../kernels/loss/class_loss.ts";
import { noise } from "./noise.ts";

/** Irregular probabilities of shape [H, W, K]; those of a pixel add up to 1. */
export function noiseProbs(height: number, width: number, classes: number) {
  const data = noise(height * width * classes).map((value) => Math.exp(2 * value));
  for (let start = 0; start < data.length; start += classes) {
    const row = data.subarray(start, start + classes);
    const sum = row.reduce((a, b) => a + b);
    row.forEach((value, k) => row[k] = value / sum);
  }
  return { data, shape: [height, width, classes] };
}

/** Probabilities of 0 and 1: a row is a text with a digit for the class of each pixel. */
export function certainProbs(rows: readonly string[], classes: number) {
  const digits = rows.flatMap((row) => [...row].map(Number));
  const data = new Float32Array(digits.length * classes);
  digits.forEach((digit, pixel) => data[pixel * classes + digit] = 1);
  return { data, shape: [rows.length, rows[0]!.length, classes] };
}

/** Computes a loss of probabilities and its gradient. Their earlier values are overwritten. */
export async function runClassLoss(
  gpu: Gpu,
  classLoss: ClassLoss,
  { data, shape }: { readonly data: Float32Array; readonly shape: readonly number[] },
): Promise<{ readonly loss: Float32Array; readonly gradient: Float32Array }> {
  using probs = GpuTensor.from(gpu, Float32Array.from(data), shape, "probs");
  using gradProbs = GpuTensor.from(gpu, Float32Array.from(data), shape, "grad_probs");
  using loss = GpuTensor.from(gpu, Float32Array.of(5), [1], "loss");
  gpu.submit((pass) => classLoss.encode(pass, { probs, loss, gradProbs }));
  return { loss: await loss.read(), gradient: await gradProbs.read() };
}
