import assert from "node:assert/strict";
import { dftHeight } from "../../../kernels/loss/dft_height.ts";
import { dftWidth } from "../../../kernels/loss/dft_width.ts";
import { dftWidthInverse } from "../../../kernels/loss/dft_width_inverse.ts";
import { fftLine } from "../../../kernels/loss/fft_line.ts";
import { FftLoss } from "../../../kernels/loss/fft_loss.ts";
import { reduceSum } from "../../../kernels/loss/reduce_sum.ts";
import { weightedMagnitude } from "../../../kernels/loss/weighted_magnitude.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { noiseImage } from "../../support/noise.ts";
import { runImageLoss } from "../../support/run_image_loss.ts";

/** The loss and its gradient in float64, summed up over all frequencies. */
function oracle(image: ArrayLike<number>, height: number, width: number) {
  const radius = Math.min(height, width) / (4 * Math.SQRT2);
  const gradient = new Float64Array(image.length);
  let total = 0, count = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (Math.hypot(row - height / 2, column - width / 2) < radius) continue;
      count += 3;
      // `row` and `column` count in the shifted spectrum, where frequency 0 is in the middle.
      const frequencyY = row - Math.floor(height / 2), frequencyX = column - Math.floor(width / 2);
      const wave = Array.from({ length: height * width }, (_, i) => {
        const turns = frequencyY * Math.floor(i / width) / height +
          frequencyX * (i % width) / width;
        return [Math.cos(2 * Math.PI * turns), -Math.sin(2 * Math.PI * turns)] as const;
      });
      for (let c = 0; c < 3; c++) {
        let real = 0, imaginary = 0;
        for (const [i, [cos, sin]] of wave.entries()) {
          real += image[3 * i + c]! * cos;
          imaginary += image[3 * i + c]! * sin;
        }
        const magnitude = Math.hypot(real, imaginary);
        total += magnitude;
        if (magnitude < 1e-9) continue;
        for (const [i, [cos, sin]] of wave.entries()) {
          gradient[3 * i + c]! += (real * cos + imaginary * sin) / magnitude;
        }
      }
    }
  }
  return { loss: total / (count + 1e-8), gradient: gradient.map((x) => x / (count + 1e-8)) };
}

async function run(gpu: Gpu, data: Float32Array, height: number, width: number) {
  using fft = FftLoss.create(gpu, { height, width });
  const { loss, gradient } = await runImageLoss(gpu, fft, { data, shape: [height, width, 3] });
  return { loss: loss[0]!, gradient };
}

Deno.test("the kernels of the FFT loss list the fields of their WGSL", () => {
  for (
    const kernel of [dftWidth, dftHeight, dftWidthInverse, fftLine, weightedMagnitude, reduceSum]
  ) {
    assertKernelStruct(kernel);
  }
});

for (const tag of ["a", "b", "c"]) {
  gpuTest(`FftLoss equals SD-piXL, image ${tag}`, async (gpu) => {
    const golden = readGolden("losses");
    const { data, shape } = golden.tensor(`${tag}.image`);
    const { loss, gradient } = await run(gpu, data, shape[0]!, shape[1]!);
    assertAllClose([loss], golden.tensor(`${tag}.fft.loss`).data);
    assertAllClose(gradient, golden.tensor(`${tag}.fft.grad`).data);
  });
}

for (const [height, width] of [[2, 2], [2, 3], [3, 2], [3, 3], [5, 7], [17, 4], [1 << 4, 96 / 4]]) {
  gpuTest(`FftLoss equals the oracle at ${height} x ${width}`, async (gpu) => {
    const values = noiseImage(height!, width!).data;
    const { loss, gradient } = await run(gpu, values, height!, width!);
    const expected = oracle(values, height!, width!);
    assertAllClose([loss], [expected.loss]);
    assertAllClose(gradient, expected.gradient);
  });
}

for (
  const [height, width] of [[2, 512], [512, 3], [509, 5], [81, 4], [3, 82], [5, 97], [6, 128], [
    4,
    511,
  ]]
) {
  gpuTest(`FftLoss stays exact at the maximum sizes: ${height} x ${width}`, async (gpu) => {
    const values = noiseImage(height!, width!).data;
    const { loss, gradient } = await run(gpu, values, height!, width!);
    const expected = oracle(values, height!, width!);
    // The loss is about 10 here, so this is 1e-6 of it.
    assertAllClose([loss], [expected.loss], { atol: 1e-5, rtol: 1e-6 });
    assertAllClose(gradient, expected.gradient);
  });
}

gpuTest("FftLoss has no gradient at frequencies that are 0", async (gpu) => {
  for (
    const [height, width] of [[16, 16], [30, 21], [128, 96], [512, 2], [7, 509], [511, 82]] as const
  ) {
    const flat = await run(gpu, new Float32Array(3 * height * width).fill(0.7), height, width);
    assertAllClose([flat.loss], [0], { atol: 1e-4 });
    assert.ok(flat.gradient.every((value) => value === 0));
  }
  // Stripes have one line of frequencies; the gradient of all others would not be constant in y.
  const height = 24, width = 16;
  const stripes = Float32Array.from(
    { length: 3 * height * width },
    (_, i) => Math.sin(9 * (Math.floor(i / 3) % width) ** 2) > 0 ? 0.9 : 0.2,
  );
  const { gradient } = await run(gpu, stripes, height, width);
  assertAllClose(gradient, oracle(stripes, height, width).gradient);
});

gpuTest("FftLoss.create() refuses sizes, encode() shapes", (gpu) => {
  assert.throws(
    () => FftLoss.create(gpu, { height: 1, width: 8 }),
    /from 2 to 512, got 1 x 8/,
  );
  assert.throws(() => FftLoss.create(gpu, { height: 8, width: 513 }), /got 8 x 513/);
  using fft = FftLoss.create(gpu, { height: 8, width: 6 });
  using image = GpuTensor.zeros(gpu, [6, 8, 3], "image");
  using loss = GpuTensor.zeros(gpu, [1], "loss");
  assert.throws(
    () => gpu.submit((pass) => fft.encode(pass, { image, loss, gradImage: image })),
    /expected "image" of shape \[8, 6, 3\], got \[6, 8, 3\]/,
  );
});
