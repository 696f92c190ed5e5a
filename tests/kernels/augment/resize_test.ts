import assert from "node:assert/strict";
import { encodeResize, resize, type ResizeMode } from "../../../kernels/augment/resize.ts";
import { encodeResizeBackward, resizeBackward } from "../../../kernels/augment/resize_backward.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { noise } from "../../support/noise.ts";

const MODES: readonly ResizeMode[] = ["bilinear", "nearest", "nearest-exact", "area"];

/** Row o: the weights with which output o reads the inputs along one axis, in float64. */
function axisWeights(mode: ResizeMode, inSize: number, outSize: number): number[][] {
  return Array.from({ length: outSize }, (_, o) => {
    const row = new Array<number>(inSize).fill(0);
    if (mode === "bilinear") {
      const position = Math.max(0, (o + 0.5) * inSize / outSize - 0.5);
      const first = Math.min(Math.floor(position), inSize - 1);
      const second = Math.min(first + 1, inSize - 1);
      row[first]! += 1 - (position - first);
      row[second]! += position - first;
    } else if (mode === "area") {
      // Products first: they are exact, the quotient of the sizes is not.
      const start = Math.floor(o * inSize / outSize);
      const end = Math.ceil((o + 1) * inSize / outSize);
      row.fill(1 / (end - start), start, end);
    } else {
      const shift = mode === "nearest" ? 0 : 0.5;
      row[Math.floor((o + shift) * inSize / outSize)] = 1;
    }
    return row;
  });
}

interface Sizes {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

/** Resizes each channel of [3, H, W], or the other way round with the weights transposed. */
function oracle(
  values: ArrayLike<number>,
  mode: ResizeMode,
  { from: [height, width], to: [outHeight, outWidth] }: Sizes,
  isBackward: boolean,
): Float64Array {
  const rows = axisWeights(mode, height, outHeight);
  const columns = axisWeights(mode, width, outWidth);
  const result = new Float64Array(3 * (isBackward ? height * width : outHeight * outWidth));
  for (let c = 0; c < 3; c++) {
    for (let o = 0; o < outHeight * outWidth; o++) {
      for (let i = 0; i < height * width; i++) {
        const weight = rows[Math.floor(o / outWidth)]![Math.floor(i / width)]! *
          columns[o % outWidth]![i % width]!;
        const out = c * outHeight * outWidth + o, image = c * height * width + i;
        if (isBackward) result[image]! += weight * values[out]!;
        else result[out]! += weight * values[image]!;
      }
    }
  }
  return result;
}

const SIZES: readonly Sizes[] = [
  { from: [7, 5], to: [16, 23] },
  { from: [13, 11], to: [5, 4] },
  { from: [4, 9], to: [9, 3] },
  { from: [1, 1], to: [3, 2] },
  { from: [6, 5], to: [6, 5] },
];

function hwcOf(chw: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const pixels = chw.length / 3;
  return Float32Array.from(
    { length: chw.length },
    (_, i) => chw[i % 3 * pixels + Math.floor(i / 3)]!,
  );
}

Deno.test("resize and its backward list the fields of their WGSL", () => {
  assertKernelStruct(resize);
  assertKernelStruct(resizeBackward);
});

for (const mode of MODES) {
  gpuTest(`encodeResize() equals the oracle, mode ${mode}, either layout`, async (gpu) => {
    for (const sizes of SIZES) {
      const { from: [height, width], to } = sizes;
      const values = noise(3 * height * width);
      const expected = oracle(values, mode, sizes, false);
      using out = GpuTensor.zeros(gpu, [1, 3, ...to], "out");
      using chw = GpuTensor.from(gpu, values, [1, 3, height, width], "chw");
      gpu.submit((pass) => encodeResize(pass, { image: chw, out }, { mode, layout: "chw" }));
      assertAllClose(await out.read(), expected);
      using hwc = GpuTensor.from(gpu, hwcOf(values), [height, width, 3], "hwc");
      out.write(new Float32Array(out.size));
      gpu.submit((pass) => encodeResize(pass, { image: hwc, out }, { mode, layout: "hwc" }));
      assertAllClose(await out.read(), expected);
    }
  });

  gpuTest(`encodeResizeBackward() equals the oracle, mode ${mode}, either layout`, async (gpu) => {
    for (const sizes of SIZES) {
      const { from: [height, width], to } = sizes;
      const values = noise(3 * to[0] * to[1]);
      const expected = oracle(values, mode, sizes, true);
      using gradOut = GpuTensor.from(gpu, values, [1, 3, ...to], "grad_out");
      using chw = GpuTensor.from(gpu, noise(expected.length), [1, 3, height, width], "chw");
      using hwc = GpuTensor.from(gpu, noise(expected.length), [height, width, 3], "hwc");
      gpu.submit((pass) => {
        encodeResizeBackward(pass, { gradOut, gradImage: chw }, { mode, layout: "chw" });
        encodeResizeBackward(pass, { gradOut, gradImage: hwc }, { mode, layout: "hwc" });
      });
      assertAllClose(await chw.read(), expected);
      assertAllClose(await hwc.read(), hwcOf(expected));
    }
  });

  gpuTest(`encodeResize() and its backward equal torch, mode ${mode}`, async (gpu) => {
    const golden = readGolden("augment");
    using image = goldenTensor(gpu, golden.tensor("resize.image"));
    using gradOut = goldenTensor(gpu, golden.tensor(`resize.${mode}.grad_out`));
    using out = GpuTensor.zeros(gpu, gradOut.shape, "out");
    using gradImage = GpuTensor.zeros(gpu, image.shape, "grad_image");
    gpu.submit((pass) => {
      encodeResize(pass, { image, out }, { mode, layout: "chw" });
      encodeResizeBackward(pass, { gradOut, gradImage }, { mode, layout: "chw" });
    });
    assertAllClose(await out.read(), golden.tensor(`resize.${mode}.out`).data);
    assertAllClose(await gradImage.read(), golden.tensor(`resize.${mode}.grad_image`).data);
  });
}

gpuTest("encodeResize() names a shape that does not fit", (gpu) => {
  using image = GpuTensor.zeros(gpu, [4, 5, 3], "image");
  using out = GpuTensor.zeros(gpu, [1, 3, 8, 8], "out");
  assert.throws(
    () => gpu.submit((pass) => encodeResize(pass, { image, out }, { mode: "area", layout: "chw" })),
    /Cannot encode resize: expected "image" of shape \[1, 3, H, W\], got \[4, 5, 3\]/,
  );
  assert.throws(
    () =>
      gpu.submit((pass) =>
        encodeResize(pass, { image: out, out: image }, { mode: "area", layout: "chw" })
      ),
    /expected "image" of shape \[1, 3, H, W\], got \[4, 5, 3\]/,
  );
});

function goldenTensor(
  gpu: Gpu,
  { data, shape }: { readonly data: Float32Array; readonly shape: readonly number[] },
): GpuTensor {
  return GpuTensor.from(gpu, data, shape, "golden");
}
