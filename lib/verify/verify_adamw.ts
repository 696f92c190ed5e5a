import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { encodeGradNorm } from "../../kernels/optimizer/grad_norm.ts";
import { AdamW } from "../optimizer/adamw.ts";
import { GpuTensors, type Verification } from "./verification.ts";
import { KERNEL, type TensorComparison } from "./tensor_comparison.ts";

/** Compares the parameters after each step of AdamW and the norms of the gradients. */
export async function* verifyAdamw({ file, gpu }: Verification): AsyncGenerator<TensorComparison> {
  const [adamBeta1, adamBeta2] = file.numbers("betas") as [number, number];
  using tensors = new GpuTensors(gpu);
  const param = tensors.from(file.tensor("param0"), "param");
  using optimizer = new AdamW(gpu, param, {
    adamBeta1,
    adamBeta2,
    adamWeightDecay: file.number("weight_decay"),
    adamEpsilon: file.number("eps"),
    clipGrad: true,
    maxGradNorm: file.number("max_grad_norm"),
  });
  using norm = GpuTensor.zeros(gpu, [1], "norm");
  const learningRate = file.number("lr");
  for (let step = 0; file.has(`grad${step}`); step++) {
    const grad = tensors.from(file.tensor(`grad${step}`), "grad");
    gpu.submit((pass) => {
      encodeGradNorm(pass, { grad, norm });
      optimizer.encode(pass, { grad, norm }, { learningRate });
    });
    yield file.compare(`norm${step}`, await norm.read(), KERNEL);
    yield file.compare(`param${step + 1}`, await param.read(), KERNEL);
  }
}
