import assert from "node:assert/strict";
import type { Corner } from "../../../kernels/augment/perspective_coefficients.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { Augmenter } from "../../../lib/augment/augmenter.ts";
import type { Augmentation } from "../../../lib/augment/draw_augmentation.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const golden = readGolden("augment");
/** Changes nothing. */
const NONE: Augmentation = { tau: 1, grayscale: false, perspective: null, hflip: false };

/** Corners of the reference: an image of 32 x 32 pixels. */
const PERSPECTIVE = {
  startpoints: cornersOf("augment.perspective.startpoints"),
  endpoints: cornersOf("augment.perspective.endpoints"),
};

function cornersOf(name: string): Corner[] {
  const { data } = golden.tensor(name);
  return Array.from({ length: 4 }, (_, i): Corner => [data[2 * i]!, data[2 * i + 1]!]);
}

/** Reorders [1, 3, H, W] to [H, W, 3]. */
function toRows(name: string): Float32Array {
  const { data, shape } = golden.tensor(name);
  const pixels = shape[2]! * shape[3]!;
  return Float32Array.from(data, (_, i) => data[(i % 3) * pixels + Math.floor(i / 3)]!);
}

/** Mirrors each row of [1, 3, H, W]. */
function mirrored(data: Float32Array, width: number): Float32Array {
  return data.map((_, i) => data[i - (i % width) + width - 1 - (i % width)]!);
}

for (const resizeMode of ["bilinear", "nearest", "nearest-exact", "area"] as const) {
  gpuTest(`Augmenter enlarges as torch does: ${resizeMode}`, async (gpu) => {
    using augmenter = new Augmenter(gpu, {
      imageSize: { height: 10, width: 12 },
      teacherSize: { height: 40, width: 36 },
      resizeMode,
    });
    using image = GpuTensor.from(gpu, toRows("resize.image"), [10, 12, 3], "image");
    const grad = golden.tensor(`resize.${resizeMode}.grad_out`).data;
    using gradOut = GpuTensor.from(gpu, grad, [1, 3, 40, 36], "gradOut");
    const results: GpuTensor[] = [];
    gpu.submit((pass) => {
      results.push(augmenter.forward(pass, image, NONE), augmenter.backward(pass, gradOut));
    });
    assertAllClose(await results[0]!.read(), golden.tensor(`resize.${resizeMode}.out`).data);
    assertAllClose(await results[1]!.read(), toRows(`resize.${resizeMode}.grad_image`));
  });
}

gpuTest("Augmenter transforms control images as torchvision does", async (gpu) => {
  const size = { height: 32, width: 32 };
  using augmenter = new Augmenter(gpu, {
    imageSize: size,
    teacherSize: size,
    resizeMode: "bilinear",
  });
  const data = golden.tensor("augment.image").data;
  using control = GpuTensor.from(gpu, data, [1, 3, 32, 32], "control");
  using out = GpuTensor.zeros(gpu, [1, 3, 32, 32], "out");
  const gray = golden.tensor("augment.grayscale.out").data;
  const bent = golden.tensor("augment.perspective.out").data;
  const cases: [Partial<Augmentation>, Float32Array][] = [
    [{}, data],
    [{ grayscale: true }, gray],
    [{ perspective: PERSPECTIVE }, bent],
    [{ hflip: true }, mirrored(data, 32)],
    [{ grayscale: true, hflip: true }, mirrored(gray, 32)],
    [{ perspective: PERSPECTIVE, hflip: true }, mirrored(bent, 32)],
  ];
  for (const [change, expected] of cases) {
    gpu.submit((pass) => augmenter.applyToControl(pass, control, out, { ...NONE, ...change }));
    // Positions are computed in float32 by other operations than torchvision's: 32 pixels * 2^-23.
    assertAllClose(await out.read(), expected, { atol: 2e-5 });
    assert.deepEqual(await control.read(), data, "the control map itself stays");
  }
});

/** Every combination of changes of a teacher's image of 24 x 20 pixels. */
const COMBINATIONS: readonly Augmentation[] = Array.from({ length: 16 }, (_, bits) => ({
  tau: 1,
  grayscale: (bits & 1) !== 0,
  perspective: (bits & 2) === 0 ? null : {
    startpoints: [[0, 0], [19, 0], [19, 23], [0, 23]],
    endpoints: [[2, 1], [17, 3], [18, 20], [1, 23]],
  },
  hflip: (bits & 4) !== 0,
  ...(bits & 8) === 0 ? {} : { shift: { y: 7, x: 15 } },
}));

gpuTest("Augmenter transforms picture and control image alike", async (gpu) => {
  const size = { height: 24, width: 20 };
  using augmenter = new Augmenter(gpu, {
    imageSize: size,
    teacherSize: size,
    resizeMode: "nearest",
  });
  const values = Float32Array.from({ length: 24 * 20 * 3 }, (_, i) => (i * 37 % 101) / 101);
  using image = GpuTensor.from(gpu, values, [24, 20, 3], "image");
  const planes = values.map((_, i) => values[(i % 480) * 3 + Math.floor(i / 480)]!);
  using control = GpuTensor.from(gpu, planes, [1, 3, 24, 20], "control");
  using out = GpuTensor.zeros(gpu, [1, 3, 24, 20], "out");
  for (const augmentation of COMBINATIONS) {
    let seen: GpuTensor | undefined;
    gpu.submit((pass) => {
      seen = augmenter.forward(pass, image, augmentation);
      augmenter.applyToControl(pass, control, out, augmentation);
    });
    assert.deepEqual(await seen!.read(), await out.read(), JSON.stringify(augmentation));
  }
});

gpuTest(
  "Augmenter.backward() is the transpose of forward, and does not change its image",
  async (gpu) => {
    const [height, width] = [5, 4];
    using augmenter = new Augmenter(gpu, {
      imageSize: { height, width },
      teacherSize: { height: 24, width: 20 },
      resizeMode: "bilinear",
    });
    using image = GpuTensor.zeros(gpu, [height, width, 3], "image");
    const weights = Float32Array.from({ length: 3 * 24 * 20 }, (_, i) => Math.sin(i * 1.7));
    using gradOut = GpuTensor.from(gpu, weights, [1, 3, 24, 20], "gradOut");
    for (const augmentation of COMBINATIONS) {
      const start = Float32Array.from({ length: height * width * 3 }, (_, i) => (i * 29 % 59) / 59);
      const forward = async (values: Float32Array) => {
        image.write(values);
        let seen: GpuTensor | undefined;
        gpu.submit((pass) => void (seen = augmenter.forward(pass, image, augmentation)));
        return await seen!.read();
      };
      const before = await forward(start);
      let results: GpuTensor[] = [];
      gpu.submit((pass) => {
        results = [augmenter.forward(pass, image, augmentation), augmenter.backward(pass, gradOut)];
      });
      const actual = await results[1]!.read();
      assert.deepEqual(await results[0]!.read(), before, "backward leaves what the teacher sees");
      // All changes are linear in the picture, so unit pictures give the rows of the matrix.
      const expected: number[] = [];
      for (let i = 0; i < start.length; i += 7) {
        const unit = await forward(start.map((_, j) => j === i ? 1 : 0));
        expected.push(unit.reduce((sum, value, j) => sum + value * weights[j]!, 0));
      }
      // Sums of about a hundred products in float32.
      assertAllClose(actual.filter((_, i) => i % 7 === 0), expected, { atol: 3e-5 });
    }
  },
);

gpuTest("Augmenter.backward() needs a forward", (gpu) => {
  const size = { height: 4, width: 4 };
  using augmenter = new Augmenter(gpu, { imageSize: size, teacherSize: size, resizeMode: "area" });
  using gradOut = GpuTensor.zeros(gpu, [1, 3, 4, 4], "gradOut");
  assert.throws(() => gpu.submit((pass) => augmenter.backward(pass, gradOut)), {
    name: "TypeError",
    message: "Cannot record the backward of the augmentation: there was no forward",
  });
});
