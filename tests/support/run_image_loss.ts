import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { ImageLoss } from "../../kernels/loss/image_loss.ts";

/** Computes a loss of a picture and its gradient; what the results held before is overwritten. */
export async function runImageLoss(
  gpu: Gpu,
  imageLoss: ImageLoss,
  { data, shape }: { readonly data: Float32Array; readonly shape: readonly number[] },
): Promise<{ readonly loss: Float32Array; readonly gradient: Float32Array }> {
  using image = GpuTensor.from(gpu, Float32Array.from(data), shape, "image");
  using gradImage = GpuTensor.from(gpu, Float32Array.from(data), shape, "grad_image");
  using loss = GpuTensor.from(gpu, Float32Array.of(5), [1], "loss");
  gpu.submit((pass) => imageLoss.encode(pass, { image, loss, gradImage }));
  return { loss: await loss.read(), gradient: await gradImage.read() };
}

/** A picture of values in [0, 1] without order. */
export function noisePicture(height: number, width: number) {
  const data = Float32Array.from(
    { length: 3 * height * width },
    (_, i) => 0.5 + 0.5 * Math.sin(12.9898 * i * i + 3),
  );
  return { data, shape: [height, width, 3] };
}
