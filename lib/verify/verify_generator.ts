import { encodeCenterLogits } from "../../kernels/generator/center_logits.ts";
import { encodeGumbelSoftmax } from "../../kernels/generator/gumbel_softmax.ts";
import { encodeMixPalette } from "../../kernels/generator/mix_palette.ts";
import { encodeMixPaletteBackward } from "../../kernels/generator/mix_palette_backward.ts";
import { encodeNormalize } from "../../kernels/generator/normalize.ts";
import { encodeSoftmax } from "../../kernels/generator/softmax.ts";
import { encodeSoftmaxBackward } from "../../kernels/generator/softmax_backward.ts";
import { encodeGeneratorStatistics } from "../../kernels/generator/generator_statistics.ts";
import { encodeStraightThrough } from "../../kernels/generator/straight_through.ts";
import { GpuTensors, type Verification } from "./verification.ts";
import { KERNEL, orFailure, type TensorComparison } from "./tensor_comparison.ts";

/** Mappings from logits to an image, by their names in the reference. */
const WAYS = [
  { name: "gumbel_soft", isGumbel: true, isHard: false },
  { name: "gumbel_hard", isGumbel: true, isHard: true },
  { name: "soft", isGumbel: false, isHard: false },
  { name: "hard", isGumbel: false, isHard: true },
] as const;

/** Compares images of logits, their gradients, statistics, centering and normalization. */
export async function* verifyGenerator(
  verification: Verification,
): AsyncGenerator<TensorComparison> {
  const { file } = verification;
  for (const tag of file.captures(/^(\w+)\.logits$/)) {
    for (const way of WAYS) {
      const name = `${file.name} ${tag}.${way.name}`;
      yield* orFailure(name, () => verifyWay(verification, tag, way));
    }
    yield* orFailure(`${file.name} ${tag}.variance`, () => verifyStatistics(verification, tag));
    yield* orFailure(`${file.name} ${tag}.balanced`, () => verifyChanges(verification, tag));
  }
}

async function* verifyWay(
  { file, gpu }: Verification,
  tag: string,
  { name, isGumbel, isHard }: typeof WAYS[number],
): AsyncGenerator<TensorComparison> {
  using tensors = new GpuTensors(gpu);
  const logits = tensors.from(file.tensor(`${tag}.logits`), "logits");
  const noise = tensors.from(file.tensor(`${tag}.gumbel`), "noise");
  const palette = tensors.from(file.tensor(`${tag}.palette`), "palette");
  const gradImage = tensors.from(file.tensor(`${tag}.grad_image`), "grad_image");
  const probs = tensors.zeros(logits.shape, "probs");
  const hard = tensors.zeros(logits.shape, "hard");
  const image = tensors.zeros(gradImage.shape, "image");
  const gradProbs = tensors.zeros(logits.shape, "grad_probs");
  const gradLogits = tensors.zeros(logits.shape, "grad_logits");
  const tau = isGumbel ? file.number("tau") : 1;
  gpu.submit((pass) => {
    if (isGumbel) encodeGumbelSoftmax(pass, { logits, noise, probs }, { tau });
    else encodeSoftmax(pass, { logits, probs }, { tau });
    encodeStraightThrough(pass, { probs, hard });
    encodeMixPalette(pass, { probs: isHard ? hard : probs, palette, image });
    encodeMixPaletteBackward(pass, { gradImage, palette, gradProbs });
    encodeSoftmaxBackward(pass, { probs, gradProbs, gradLogits }, { tau });
  });
  yield file.compare(`${tag}.${name}.image`, await image.read(), KERNEL);
  yield file.compare(`${tag}.${name}.grad_logits`, await gradLogits.read(), KERNEL);
}

async function* verifyStatistics(
  { file, gpu }: Verification,
  tag: string,
): AsyncGenerator<TensorComparison> {
  using tensors = new GpuTensors(gpu);
  const logits = tensors.from(file.tensor(`${tag}.logits`), "logits");
  const probs = tensors.zeros(logits.shape, "probs");
  const picture = logits.shape.slice(0, 2);
  const variance = tensors.zeros(picture, "variance");
  const entropy = tensors.zeros(picture, "entropy");
  const maxProbability = tensors.zeros(picture, "max_probability");
  gpu.submit((pass) => {
    encodeSoftmax(pass, { logits, probs }, { tau: 1 });
    encodeGeneratorStatistics(pass, { probs, variance, entropy, maxProbability });
  });
  yield file.compare(`${tag}.variance`, await variance.read(), KERNEL);
  yield file.compare(`${tag}.entropy`, await entropy.read(), KERNEL);
  yield file.compare(`${tag}.max_probability`, await maxProbability.read(), KERNEL);
}

async function* verifyChanges(
  { file, gpu }: Verification,
  tag: string,
): AsyncGenerator<TensorComparison> {
  using tensors = new GpuTensors(gpu);
  const logits = tensors.from(file.tensor(`${tag}.logits`), "logits");
  gpu.submit((pass) => encodeCenterLogits(pass, { logits }));
  yield file.compare(`${tag}.balanced`, await logits.read(), KERNEL);
  for (const regularizer of file.captures(new RegExp(`^${tag}\\.normalized_reg([\\d.]+)$`))) {
    // The reference normalizes to the regularizer itself; centered logits keep their mean of 0.
    gpu.submit((pass) => encodeNormalize(pass, { logits }, { norm: Number(regularizer) }));
    yield file.compare(`${tag}.normalized_reg${regularizer}`, await logits.read(), KERNEL);
  }
}
