import { BilateralLoss } from "../../kernels/loss/bilateral.ts";
import { FftLoss } from "../../kernels/loss/fft_loss.ts";
import { GradientLoss } from "../../kernels/loss/gradient_loss.ts";
import type { ImageLoss } from "../../kernels/loss/image_loss.ts";
import { LaplacianLoss } from "../../kernels/loss/laplacian_loss.ts";
import { TotalVariationLoss } from "../../kernels/loss/total_variation.ts";
import { GpuTensors, type Verification } from "./verification.ts";
import { KERNEL, type TensorComparison } from "./tensor_comparison.ts";

/** Settings that are only in the note of the file. */
const LAPLACIAN = { kernelSize: 5, sigma: 0.75 };
const BILATERAL = { sigmaColor: 1, sigmaSpace: 1, maxDistance: 3 };

/** Compares all losses of a picture and their gradients. */
export async function* verifyLosses(verification: Verification): AsyncGenerator<TensorComparison> {
  const { file, gpu } = verification;
  for (const tag of file.captures(/^(\w+)\.image$/)) {
    const reference = file.tensor(`${tag}.image`);
    using tensors = new GpuTensors(gpu);
    const image = tensors.from(reference, "image");
    const loss = tensors.zeros([1], "loss");
    const gradImage = tensors.zeros(reference.shape, "grad_image");
    for (const name of file.captures(new RegExp(`^${tag}\\.(\\w+)\\.loss$`))) {
      using imageLoss = createLoss(verification, `${tag}.${name}`, reference.shape);
      if (imageLoss === undefined) continue;
      gpu.submit((pass) => imageLoss.encode(pass, { image, loss, gradImage }));
      yield file.compare(`${tag}.${name}.loss`, await loss.read(), KERNEL);
      yield file.compare(`${tag}.${name}.grad`, await gradImage.read(), KERNEL);
    }
  }
}

/** Creates the loss that the name of a tensor starts with; undefined if there is none. */
function createLoss(
  { file, gpu }: Verification,
  name: string,
  [height = 0, width = 0]: readonly number[],
): ImageLoss | undefined {
  const size = { height, width };
  const [, kind, mode] = /^\w+\.([a-z]+)(?:_(l1|l2))?$/.exec(name) ?? [];
  if (kind === "fft") return FftLoss.create(gpu, size);
  if (kind === "bilateral") return BilateralLoss.create(gpu, { ...size, ...BILATERAL });
  if (kind === "gradient") {
    using tensors = new GpuTensors(gpu);
    const target = tensors.from(file.tensor(`${name}.target`), "target");
    return GradientLoss.create(gpu, { ...size, target });
  }
  if (mode !== "l1" && mode !== "l2") return undefined;
  if (kind === "tv") return TotalVariationLoss.create(gpu, { ...size, mode });
  return kind === "laplacian"
    ? LaplacianLoss.create(gpu, { ...size, ...LAPLACIAN, mode })
    : undefined;
}
