import { encodeCenterLogits } from "../../../kernels/generator/center_logits.ts";
import { encodeGumbelSoftmax } from "../../../kernels/generator/gumbel_softmax.ts";
import { encodeMixPalette } from "../../../kernels/generator/mix_palette.ts";
import { encodeMixPaletteBackward } from "../../../kernels/generator/mix_palette_backward.ts";
import { encodeNormalize } from "../../../kernels/generator/normalize.ts";
import { encodeSoftmax } from "../../../kernels/generator/softmax.ts";
import { encodeSoftmaxBackward } from "../../../kernels/generator/softmax_backward.ts";
import { encodeGeneratorStatistics } from "../../../kernels/generator/generator_statistics.ts";
import { encodeStraightThrough } from "../../../kernels/generator/straight_through.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { type Golden, readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";

// Two sizes: 7 x 5 pixels of 4 colors, 16 x 16 pixels of 13 colors.
const TAGS = ["a", "b"] as const;

interface Mode {
  readonly name: "gumbel_soft" | "gumbel_hard" | "soft" | "hard";
  readonly gumbel: boolean;
  readonly hard: boolean;
}

const MODES: readonly Mode[] = [
  { name: "gumbel_soft", gumbel: true, hard: false },
  { name: "gumbel_hard", gumbel: true, hard: true },
  { name: "soft", gumbel: false, hard: false },
  { name: "hard", gumbel: false, hard: true },
];

/** Returns the image and the gradient at the logits, as SD-piXL's generator evaluates them. */
async function runMode(gpu: Gpu, golden: Golden, { tag, mode }: { tag: string; mode: Mode }) {
  using stack = new DisposableStack();
  const load = (name: string) => {
    const { data, shape } = golden.tensor(`${tag}.${name}`);
    return stack.use(GpuTensor.from(gpu, data, shape, name));
  };
  const own = (name: string, shape: readonly number[]) =>
    stack.use(GpuTensor.zeros(gpu, shape, name));
  const logits = load("logits");
  const palette = load("palette");
  const noise = load("gumbel");
  const gradImage = load("grad_image");
  const probs = own("probs", logits.shape);
  const hard = own("hard", logits.shape);
  const image = own("image", gradImage.shape);
  const gradProbs = own("grad_probs", logits.shape);
  const gradLogits = own("grad_logits", logits.shape);
  const tau = mode.gumbel ? golden.metadata.tau as number : 1;
  gpu.submit((pass) => {
    if (mode.gumbel) encodeGumbelSoftmax(pass, { logits, noise, probs }, { tau });
    else encodeSoftmax(pass, { logits, probs }, { tau });
    encodeStraightThrough(pass, { probs, hard });
    encodeMixPalette(pass, { probs: mode.hard ? hard : probs, palette, image });
    encodeMixPaletteBackward(pass, { gradImage, palette, gradProbs });
    encodeSoftmaxBackward(pass, { probs, gradProbs, gradLogits }, { tau });
  });
  return { image: await image.read(), gradLogits: await gradLogits.read() };
}

for (const mode of MODES) {
  gpuTest(
    `generator kernels equal SD-piXL's generator and its gradient: ${mode.name}`,
    async (gpu) => {
      const golden = readGolden("generator");
      for (const tag of TAGS) {
        const { image, gradLogits } = await runMode(gpu, golden, { tag, mode });
        assertAllClose(image, golden.tensor(`${tag}.${mode.name}.image`).data);
        assertAllClose(gradLogits, golden.tensor(`${tag}.${mode.name}.grad_logits`).data);
      }
    },
  );
}

gpuTest("encodeGeneratorStatistics() equals SD-piXL's statistics", async (gpu) => {
  const golden = readGolden("generator");
  for (const tag of TAGS) {
    const { data, shape } = golden.tensor(`${tag}.logits`);
    using logits = GpuTensor.from(gpu, data, shape, "logits");
    using probs = GpuTensor.zeros(gpu, shape, "probs");
    using variance = GpuTensor.zeros(gpu, shape.slice(0, 2), "variance");
    using entropy = GpuTensor.zeros(gpu, shape.slice(0, 2), "entropy");
    using maxProbability = GpuTensor.zeros(gpu, shape.slice(0, 2), "max_probability");
    gpu.submit((pass) => {
      encodeSoftmax(pass, { logits, probs }, { tau: 1 });
      encodeGeneratorStatistics(pass, { probs, variance, entropy, maxProbability });
    });
    assertAllClose(await variance.read(), golden.tensor(`${tag}.variance`).data);
    assertAllClose(await entropy.read(), golden.tensor(`${tag}.entropy`).data);
    assertAllClose(await maxProbability.read(), golden.tensor(`${tag}.max_probability`).data);
  }
});

gpuTest("encodeCenterLogits() and encodeNormalize() equal SD-piXL's", async (gpu) => {
  const golden = readGolden("generator");
  for (const tag of TAGS) {
    const { data, shape } = golden.tensor(`${tag}.logits`);
    using logits = GpuTensor.from(gpu, data, shape, "logits");
    gpu.submit((pass) => encodeCenterLogits(pass, { logits }));
    assertAllClose(await logits.read(), golden.tensor(`${tag}.balanced`).data);
    gpu.submit((pass) => encodeNormalize(pass, { logits }, { norm: 2 }));
    assertAllClose(await logits.read(), golden.tensor(`${tag}.normalized_reg2`).data);
  }
});
