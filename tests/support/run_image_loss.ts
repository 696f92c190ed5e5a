import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { ImageLoss } from "../../kernels/loss/image_loss.ts";

/** Computes a loss of an image and its gradient. Their earlier values are overwritten. */
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
