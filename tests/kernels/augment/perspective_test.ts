import assert from "node:assert/strict";
import { encodePerspective, perspective } from "../../../kernels/augment/perspective.ts";
import {
  encodePerspectiveBackward,
  perspectiveBackward,
} from "../../../kernels/augment/perspective_backward.ts";
import {
  type Corner,
  inversePerspective,
  type PerspectiveCoefficients,
  perspectiveCoefficients,
} from "../../../kernels/augment/perspective_coefficients.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { type Golden, readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { noise } from "../../support/noise.ts";

const HEIGHT = 13, WIDTH = 17, PIXELS = HEIGHT * WIDTH;

/** Each pair of an output pixel and an input pixel that it reads, with the weight, in float64. */
function* readings(
  [a, b, c, d, e, f, g, h]: PerspectiveCoefficients,
): Generator<{ out: number; image: number; weight: number }> {
  for (let out = 0; out < PIXELS; out++) {
    const x = out % WIDTH + 0.5, y = Math.floor(out / WIDTH) + 0.5;
    const depth = g * x + h * y + 1;
    const sourceX = (a * x + b * y + c) / depth - 0.5;
    const sourceY = (d * x + e * y + f) / depth - 0.5;
    for (let image = 0; image < PIXELS; image++) {
      const weightX = 1 - Math.abs(sourceX - image % WIDTH);
      const weightY = 1 - Math.abs(sourceY - Math.floor(image / WIDTH));
      if (weightX > 0 && weightY > 0) yield { out, image, weight: weightX * weightY };
    }
  }
}

const STARTS: readonly Corner[] = [[0, 0], [16, 0], [16, 12], [0, 12]];

const MAPS: Readonly<Record<string, readonly Corner[]>> = {
  "a small distortion": [[2, 1], [14, 2], [16, 11], [1, 10]],
  "an enlargement": [[-5, -3], [22, -4], [20, 15], [-4, 18]],
  "a strong reduction": [[6, 5], [10, 6], [9, 9], [6, 8]],
  "a turn and a flip": [[16, 0], [1, 1], [2, 12], [14, 10]],
  // The line at infinity crosses the image.
  "a horizon": [[7, 3], [9, 3], [30, 12], [-14, 12]],
};

Deno.test("perspective and its backward list the fields of their WGSL", () => {
  assertKernelStruct(perspective);
  assertKernelStruct(perspectiveBackward);
});

for (const [name, endpoints] of Object.entries(MAPS)) {
  gpuTest(`encodePerspective() and its backward equal the oracle: ${name}`, async (gpu) => {
    const coefficients = perspectiveCoefficients(STARTS, endpoints);
    const values = noise(3 * PIXELS);
    const expected = new Float64Array(values.length),
      expectedGrad = new Float64Array(values.length);
    for (const { out, image, weight } of readings(coefficients)) {
      for (let c = 0; c < 3; c++) {
        expected[c * PIXELS + out]! += weight * values[c * PIXELS + image]!;
        expectedGrad[c * PIXELS + image]! += weight * values[c * PIXELS + out]!;
      }
    }
    using image = GpuTensor.from(gpu, values, [1, 3, HEIGHT, WIDTH], "image");
    using out = GpuTensor.zeros(gpu, image.shape, "out");
    using gradImage = GpuTensor.zeros(gpu, image.shape, "grad_image");
    gpu.submit((pass) => {
      encodePerspective(pass, { image, out }, { coefficients });
      encodePerspectiveBackward(pass, { gradOut: image, gradImage }, { coefficients });
    });
    assertAllClose(await out.read(), expected);
    assertAllClose(await gradImage.read(), expectedGrad);
  });
}

function corners(golden: Golden, name: string): Corner[] {
  const { data } = golden.tensor(`augment.perspective.${name}`);
  return [0, 2, 4, 6].map((i) => [data[i]!, data[i + 1]!]);
}

gpuTest("encodePerspective() and its backward equal torchvision", async (gpu) => {
  const golden = readGolden("augment");
  const startpoints = corners(golden, "startpoints"), endpoints = corners(golden, "endpoints");
  const coefficients = perspectiveCoefficients(startpoints, endpoints);
  const { data, shape } = golden.tensor("augment.image");
  const gradients = golden.tensor("augment.perspective.grad_out").data;
  using image = GpuTensor.from(gpu, data, shape, "image");
  using gradOut = GpuTensor.from(gpu, gradients, shape, "grad_out");
  using out = GpuTensor.zeros(gpu, shape, "out");
  using gradImage = GpuTensor.zeros(gpu, shape, "grad_image");
  gpu.submit((pass) => {
    encodePerspective(pass, { image, out }, { coefficients });
    encodePerspectiveBackward(pass, { gradOut, gradImage }, { coefficients });
  });
  assertAllClose(await out.read(), golden.tensor("augment.perspective.out").data);
  // torch's own float32 grid is up to 9.4e-6 away from the same formula in float64: gradients
  // differ by up to 7 from pixel to pixel, and positions near 32 are rounded by 2e-6.
  const { data: expected } = golden.tensor("augment.perspective.grad_image");
  assertAllClose(await gradImage.read(), expected, { atol: 2e-5 });
});

Deno.test("perspectiveCoefficients() maps endpoints to startpoints; its inverse maps back", () => {
  const endpoints = MAPS["a small distortion"]!;
  const coefficients = perspectiveCoefficients(STARTS, endpoints);
  const apply = ([a, b, c, d, e, f, g, h, i]: readonly number[], [x, y]: Corner) => {
    const depth = g! * x + h! * y + i!;
    return [(a! * x + b! * y + c!) / depth, (d! * x + e! * y + f!) / depth];
  };
  for (const [k, endpoint] of endpoints.entries()) {
    assertAllClose(apply([...coefficients, 1], endpoint), STARTS[k]!);
    assertAllClose(apply(inversePerspective(coefficients), STARTS[k]!), endpoint);
  }
});

Deno.test("perspectiveCoefficients() refuses corners on a line and other counts", () => {
  const line: Corner[] = [[0, 0], [1, 1], [2, 2], [0, 5]];
  assert.throws(() => perspectiveCoefficients(STARTS, line), /no three corners on a line/);
  assert.throws(() => perspectiveCoefficients(STARTS, []), /expected 4 and 4 corners/);
  assert.throws(() => inversePerspective([0, 0, 0, 0, 0, 0, 0, 0]), /map that has an inverse/);
});
