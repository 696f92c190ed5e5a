import { FftLoss } from "../../kernels/loss/fft_loss.ts";
import { GpuTensors, type Verification } from "./verification.ts";
import { KERNEL, type VerifyLine } from "./verify_line.ts";

/** Compares the losses that there are kernels for, and their gradients. */
export async function* verifyLosses({ file, gpu }: Verification): AsyncGenerator<VerifyLine> {
  for (const tag of file.captures(/^(\w+)\.fft\.loss$/)) {
    const reference = file.tensor(`${tag}.image`);
    const [height, width] = reference.shape as [number, number];
    using fft = FftLoss.create(gpu, { height, width });
    using tensors = new GpuTensors(gpu);
    const image = tensors.from(reference, "image");
    const loss = tensors.zeros([1], "loss");
    const gradImage = tensors.zeros(reference.shape, "grad_image");
    gpu.submit((pass) => fft.encode(pass, { image, loss, gradImage }));
    yield file.compare(`${tag}.fft.loss`, await loss.read(), KERNEL);
    yield file.compare(`${tag}.fft.grad`, await gradImage.read(), KERNEL);
  }
  for (const name of file.unused.filter((name) => /^\w+\.\w+\.(loss|grad|target)$/.test(name))) {
    yield file.skip(name, `there is no kernel for the loss "${name.split(".")[1]}" yet`);
  }
}
