import type { Gpu } from "../gpu/gpu.ts";
import { defineKernel, WORKGROUP_SIZE } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import { GpuTensor } from "../gpu/tensor.ts";
import source from "./fft_line.wgsl" with { type: "text" };

/** Fast Fourier transform of lines, of any size up to 512. */
export const fftLine = defineKernel({
  name: "fft_line",
  source,
  params: {
    lines: "u32",
    inner: "u32",
    length: "u32",
    size: "u32",
    is_chirp: "u32",
    from_count: "u32",
    from_real: "u32",
    to_count: "u32",
    to_real: "u32",
    sign: "f32",
  },
  tensors: ["read", "read", "read", "read", "read_write"],
});

/** Tables of the transform along an axis; see {@linkcode fftTables}. */
export interface FftTables extends Disposable {
  /** Length of the axis. */
  readonly size: number;
  /** Length of the transform, a power of two. */
  readonly length: number;
  /** exp(-2πi j/length), shape [length, 2]. */
  readonly twiddles: GpuTensor;
  /** exp(-πi j²/size), shape [size, 2]; undefined if the size is a power of two. */
  readonly chirp: GpuTensor | undefined;
  /** Transform of the conjugate chirp, over the length, shape [length, 2]. */
  readonly chirpSpectrum: GpuTensor | undefined;
}

/**
 * Computes the tables of the transform along an axis, in float64.
 *
 * A size that is no power of two is transformed as a convolution with a chirp.
 *
 * Source: Bluestein 1970, "A linear filtering approach to the computation of discrete Fourier
 * transform".
 *
 * @param size Length of the axis, 2 to 512.
 */
export function fftTables(gpu: Gpu, size: number, name: string): FftTables {
  const isPower = (size & (size - 1)) === 0;
  const length = isPower ? size : 2 ** Math.ceil(Math.log2(2 * size - 1));
  using stack = new DisposableStack();
  const from = (values: readonly Complex[], label: string) =>
    stack.use(
      GpuTensor.from(gpu, Float32Array.from(values.flat()), [values.length, 2], `${name} ${label}`),
    );
  const twiddles = unitCircle(length, length);
  // j² modulo 2 size keeps the angle small, and so exact.
  const circle = unitCircle(2 * size, 2 * size);
  const chirp = Array.from({ length: size }, (_, j) => circle[j * j % (2 * size)]!);
  const tables = {
    size,
    length,
    twiddles: from(twiddles, "twiddles"),
    chirp: isPower ? undefined : from(chirp, "chirp"),
    chirpSpectrum: isPower
      ? undefined
      : from(chirpSpectrum(chirp, twiddles), "spectrum of the chirp"),
  };
  const owned = stack.move();
  return { ...tables, [Symbol.dispose]: () => owned.dispose() };
}

type Complex = readonly [real: number, imaginary: number];

/** Returns exp(-2πi j/period) for each j below the count. */
function unitCircle(count: number, period: number): Complex[] {
  return Array.from({ length: count }, (_, j) => {
    const angle = 2 * Math.PI * j / period;
    return [Math.cos(angle), -Math.sin(angle)];
  });
}

/** Transforms the conjugate chirp, which is repeated backward from the end, by its definition. */
function chirpSpectrum(chirp: readonly Complex[], twiddles: readonly Complex[]): Complex[] {
  const length = twiddles.length;
  return Array.from({ length }, (_, k) => {
    let [real, imaginary] = [0, 0];
    for (let n = 1 - chirp.length; n < chirp.length; n++) {
      const [a, b] = chirp[Math.abs(n)]!;
      const [c, s] = twiddles[((k * n) % length + length) % length]!;
      real += a * c + b * s;
      imaginary += a * s - b * c;
    }
    return [real / length, imaginary / length];
  });
}

/** Lines to transform, and where their values are. */
export interface FftLines {
  /** Number of lines. */
  readonly lines: number;
  /** Number of adjacent lines: the product of the dimensions behind the axis. */
  readonly inner: number;
  /** Source; shape [lines / inner, count, inner], with two parts a value if it is complex. */
  readonly from: { readonly tensor: GpuTensor; readonly count: number; readonly isReal: boolean };
  /** Target, overwritten; likewise. */
  readonly to: { readonly tensor: GpuTensor; readonly count: number; readonly isReal: boolean };
}

/**
 * Records the Fourier transform of lines, or its inverse without a factor.
 *
 * Values of a line that the source lacks are zero; only the first values of the result are written,
 * or only their real part.
 */
export function encodeFftLine(
  pass: Pass,
  { size, length, twiddles, chirp, chirpSpectrum }: FftTables,
  { lines, inner, from, to }: FftLines,
  { inverse }: { readonly inverse: boolean },
): void {
  const tensors = [
    from.tensor,
    twiddles,
    chirp ?? twiddles,
    chirpSpectrum ?? twiddles,
    to.tensor,
  ];
  pass.dispatch(fftLine, tensors, {
    lines,
    inner,
    length,
    size,
    is_chirp: chirp === undefined ? 0 : 1,
    from_count: from.count,
    from_real: from.isReal ? 1 : 0,
    to_count: to.count,
    to_real: to.isReal ? 1 : 0,
    sign: inverse ? 1 : -1,
  }, lines * WORKGROUP_SIZE);
}
