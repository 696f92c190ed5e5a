import type { Gpu } from "../gpu/gpu.ts";
import type { Pass } from "../gpu/pass.ts";
import { GpuTensor } from "../gpu/tensor.ts";
import { encodeDftHeight } from "./dft_height.ts";
import { encodeDftWidth } from "./dft_width.ts";
import { encodeDftWidthInverse } from "./dft_width_inverse.ts";
import { encodeFftLine, fftTables } from "./fft_line.ts";

/** Longer axes are transformed by the fast algorithm; shorter ones by a matrix product. */
const MAX_PRODUCT_SIZE = 80;

/** Fourier transforms along the width of an image. */
export interface WidthTransform extends Disposable {
  /**
   * Records the transform of each row, for frequencies 0 to W/2.
   *
   * @param image [H, W, 3].
   * @param spectrum [H, F, 3, 2], overwritten.
   */
  encode(pass: Pass, image: GpuTensor, spectrum: GpuTensor): void;
  /** Records the transpose: the real part of the inverse without a factor. */
  encodeTranspose(pass: Pass, spectrum: GpuTensor, image: GpuTensor): void;
}

/** Fourier transforms along the height of a spectrum. */
export interface HeightTransform extends Disposable {
  /**
   * Records the transform of each column, or its inverse without a factor.
   *
   * @param from [H, F, 3, 2].
   * @param to The same shape, overwritten.
   */
  encode(
    pass: Pass,
    from: GpuTensor,
    to: GpuTensor,
    options: { readonly inverse: boolean },
  ): void;
}

/** Creates the transforms along a width. */
export function createWidthTransform(gpu: Gpu, width: number): WidthTransform {
  if (width <= MAX_PRODUCT_SIZE) {
    const twiddles = twiddleTensor(gpu, width, "fft twiddles of the width");
    return {
      encode: (pass, image, spectrum) => encodeDftWidth(pass, { image, twiddles, spectrum }),
      encodeTranspose: (pass, spectrum, image) =>
        encodeDftWidthInverse(pass, { spectrum, twiddles, image }),
      [Symbol.dispose]: () => twiddles[Symbol.dispose](),
    };
  }
  const tables = fftTables(gpu, width, "fft width");
  const linesOf = (image: GpuTensor, spectrum: GpuTensor) => ({
    shape: { lines: image.shape[0]! * 3, inner: 3 },
    image: { tensor: image, count: width, isReal: true },
    spectrum: { tensor: spectrum, count: spectrum.shape[1]!, isReal: false },
  });
  return {
    encode: (pass, image, spectrum) => {
      const lines = linesOf(image, spectrum);
      const ends = { from: lines.image, to: lines.spectrum };
      encodeFftLine(pass, tables, { ...lines.shape, ...ends }, { inverse: false });
    },
    encodeTranspose: (pass, spectrum, image) => {
      const lines = linesOf(image, spectrum);
      const ends = { from: lines.spectrum, to: lines.image };
      encodeFftLine(pass, tables, { ...lines.shape, ...ends }, { inverse: true });
    },
    [Symbol.dispose]: () => tables[Symbol.dispose](),
  };
}

/** Creates the transforms along a height. */
export function createHeightTransform(gpu: Gpu, height: number): HeightTransform {
  if (height <= MAX_PRODUCT_SIZE) {
    const twiddles = twiddleTensor(gpu, height, "fft twiddles of the height");
    return {
      encode: (pass, rows, spectrum, options) =>
        encodeDftHeight(pass, { rows, twiddles, spectrum }, options),
      [Symbol.dispose]: () => twiddles[Symbol.dispose](),
    };
  }
  const tables = fftTables(gpu, height, "fft height");
  return {
    encode: (pass, from, to, options) => {
      const columns = from.size / 2 / height;
      encodeFftLine(pass, tables, {
        lines: columns,
        inner: columns,
        from: { tensor: from, count: height, isReal: false },
        to: { tensor: to, count: height, isReal: false },
      }, options);
    },
    [Symbol.dispose]: () => tables[Symbol.dispose](),
  };
}

/** Stores cos and sin of 2π j/size for each j. */
function twiddleTensor(gpu: Gpu, size: number, name: string): GpuTensor {
  const angles = Array.from({ length: size }, (_, j) => 2 * Math.PI * j / size);
  const factors = Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
  return GpuTensor.from(gpu, factors, [size, 2], name);
}
