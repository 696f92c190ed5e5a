import assert from "node:assert/strict";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { GradientLoss } from "../../../kernels/loss/gradient_loss.ts";
import { sobelDifference } from "../../../kernels/loss/sobel_difference.ts";
import { sobelDifferenceBackward } from "../../../kernels/loss/sobel_difference_backward.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { noiseImage } from "../../support/noise.ts";
import { numericalGradient } from "../../support/numerical_gradient.ts";
import { runImageLoss } from "../../support/run_image_loss.ts";

/** Gradients of means are small: about 1e-3. */
const SMALL = { atol: 1e-7, rtol: 1e-5 };

/** Values with their shape. */
interface Values {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** Weights of red, green and blue in torchvision's gray. */
const LUMA = [0.2989, 0.587, 0.114] as const;

/** Rows of a gray image, from [H, W, 3], with bilinear interpolation between pixel centers. */
function enlargedGray({ data, shape }: Values, height: number, width: number): number[][] {
  const [rows, columns] = shape as [number, number];
  const gray = (y: number, x: number) =>
    LUMA.reduce((sum, weight, c) => sum + weight * data[(y * columns + x) * 3 + c]!, 0);
  const place = (i: number, from: number, to: number) => {
    const at = Math.max(0, (i + 0.5) * from / to - 0.5);
    const low = Math.floor(at);
    return { low, high: Math.min(low + 1, from - 1), share: at - low };
  };
  return Array.from({ length: height }, (_, i) => {
    const y = place(i, rows, height);
    return Array.from({ length: width }, (_, j) => {
      const x = place(j, columns, width);
      const upper = gray(y.low, x.low) * (1 - x.share) + gray(y.low, x.high) * x.share;
      const lower = gray(y.high, x.low) * (1 - x.share) + gray(y.high, x.high) * x.share;
      return upper * (1 - y.share) + lower * y.share;
    });
  });
}

/** Mean squared difference of Sobel's edges along both axes, computed per image. */
function oracle(image: Values, target: Values): number {
  const [, , height, width] = target.shape as [number, number, number, number];
  const planes = height * width;
  const targetGray = Array.from(
    { length: height },
    (_, y) =>
      Array.from(
        { length: width },
        (_, x) =>
          LUMA.reduce(
            (sum, weight, c) => sum + weight * target.data[c * planes + y * width + x]!,
            0,
          ),
      ),
  );
  const seen = enlargedGray(image, height, width);
  const sobel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]];
  const edge = (gray: number[][], y: number, x: number, transposed: boolean) => {
    let sum = 0;
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        const weight = transposed ? sobel[j]![i]! : sobel[i]![j]!;
        sum += weight * (gray[y + i - 1]?.[x + j - 1] ?? 0);
      }
    }
    return sum;
  };
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const transposed of [false, true]) {
        sum += (edge(seen, y, x, transposed) - edge(targetGray, y, x, transposed)) ** 2;
      }
    }
  }
  return sum / planes;
}

async function run(
  gpu: Gpu,
  image: { readonly data: Float32Array; readonly shape: readonly number[] },
  target: { readonly data: Float32Array; readonly shape: readonly number[] },
) {
  const [height, width] = image.shape as [number, number];
  const createLoss = () => {
    using targetImage = GpuTensor.from(
      gpu,
      Float32Array.from(target.data),
      target.shape,
      "target",
    );
    return GradientLoss.create(gpu, { height, width, target: targetImage });
  };
  using gradientLoss = createLoss();
  const first = await runImageLoss(gpu, gradientLoss, image);
  assert.deepEqual(await runImageLoss(gpu, gradientLoss, image), first);
  return first;
}

Deno.test("the kernels of the gradient loss list the fields of their WGSL", () => {
  for (const kernel of [sobelDifference, sobelDifferenceBackward]) assertKernelStruct(kernel);
});

for (const tag of ["a", "b", "c"]) {
  gpuTest(`GradientLoss equals SD-piXL, image ${tag}`, async (gpu) => {
    const golden = readGolden("losses");
    const target = golden.tensor(`${tag}.gradient.target`);
    const { loss, gradient } = await run(gpu, golden.tensor(`${tag}.image`), target);
    assertAllClose(loss, golden.tensor(`${tag}.gradient.loss`).data);
    assertAllClose(gradient, golden.tensor(`${tag}.gradient.grad`).data, SMALL);
  });
}

for (const [height, width, ...seen] of [[2, 3, 5, 7], [4, 3, 4, 3], [5, 4, 9, 6]] as const) {
  gpuTest(`GradientLoss equals the oracle, ${height} x ${width} at ${seen}`, async (gpu) => {
    const image = noiseImage(height, width);
    const values = noiseImage(seen[0], seen[1]).data.map((value) => 1 - value * value);
    const target = { data: values, shape: [1, 3, ...seen] };
    const { loss, gradient } = await run(gpu, image, target);
    const expected = (data: ArrayLike<number>) => oracle({ data, shape: image.shape }, target);
    // The losses are about 1 to 10.
    assertAllClose(loss, [expected(image.data)], { atol: 1e-5, rtol: 1e-6 });
    assertAllClose(gradient, numericalGradient(expected, image.data), SMALL);
  });
}

gpuTest("GradientLoss is 0 for the image itself", async (gpu) => {
  const image = noiseImage(6, 5);
  const planes = Float32Array.from(image.data, (_, i) => image.data[i % 30 * 3 + i / 30 | 0]!);
  const { loss, gradient } = await run(gpu, image, { data: planes, shape: [1, 3, 6, 5] });
  assertAllClose([...loss, ...gradient], new Array(91).fill(0));
});

gpuTest("GradientLoss refuses a target whose shape differs", (gpu) => {
  using target = GpuTensor.zeros(gpu, [6, 5, 3], "target");
  assert.throws(() => GradientLoss.create(gpu, { height: 6, width: 5, target }), {
    message: 'Cannot create the gradient loss: expected "target" of shape [1, 3, H, W], ' +
      "got [6, 5, 3]",
  });
});
