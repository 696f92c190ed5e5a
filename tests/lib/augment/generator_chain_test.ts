import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { Augmenter } from "../../../lib/augment/augmenter.ts";
import type { Augmentation } from "../../../lib/augment/draw_augmentation.ts";
import { PixelGenerator } from "../../../lib/generator/pixel_generator.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const PALETTE = new Palette("three", Uint8Array.of(250, 10, 90, 0, 140, 30, 20, 60, 255));
const IMAGE_SIZE = { height: 5, width: 4 };
const TEACHER_SIZE = { height: 20, width: 16 };

const AUGMENTATION: Augmentation = {
  tau: 0.8,
  grayscale: true,
  perspective: {
    startpoints: [[0, 0], [15, 0], [15, 19], [0, 19]],
    endpoints: [[1, 2], [14, 0], [13, 18], [2, 17]],
  },
  hflip: true,
};

for (const grayscale of [false, true]) {
  const name = grayscale ? "with" : "without";
  gpuTest(`generator and augmenter have the gradient of both, ${name} grayscale`, async (gpu) => {
    const start = Float32Array.from({ length: 5 * 4 * 3 }, (_, i) => 2 * Math.sin(i * i * 0.31));
    const weights = Float32Array.from({ length: 3 * 20 * 16 }, (_, i) => Math.sin(i * 0.11 + 1));
    using generator = new PixelGenerator(gpu, {
      palette: PALETTE,
      size: IMAGE_SIZE,
      logits: start,
    });
    using augmenter = new Augmenter(gpu, {
      imageSize: IMAGE_SIZE,
      teacherSize: TEACHER_SIZE,
      resizeMode: "bilinear",
    });
    using gradOut = GpuTensor.from(gpu, weights, [1, 3, 20, 16], "gradOut");
    const options = {
      tau: AUGMENTATION.tau,
      smooth: true,
      gumbelNoise: { seed: 5, stream: 1, step: 9 },
    };
    const augmentation = { ...AUGMENTATION, grayscale };

    const evaluate = async (logits: Float32Array): Promise<number> => {
      generator.logits.write(logits);
      let seen: GpuTensor | undefined;
      gpu.submit((pass) => {
        generator.forward(pass, options);
        seen = augmenter.forward(pass, generator.image, augmentation);
      });
      return (await seen!.read()).reduce((sum, value, i) => sum + value * weights[i]!, 0);
    };

    await evaluate(start);
    gpu.submit((pass) => generator.backward(pass, augmenter.backward(pass, gradOut)));
    const actual = await generator.gradLogits.read();
    const h = 1 / 64;
    const expected: number[] = [];
    for (let i = 0; i < start.length; i++) {
      const above = await evaluate(start.map((value, j) => j === i ? value + h : value));
      const below = await evaluate(start.map((value, j) => j === i ? value - h : value));
      expected.push((above - below) / (2 * h));
    }
    // Differences of float32 values: about 3e-5 of rounding, and h^2 / 6 of the third derivative.
    assertAllClose(actual, expected, { atol: 5e-4 });
  });
}
