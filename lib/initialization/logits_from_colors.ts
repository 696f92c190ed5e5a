import type { GeneratorConfig, RunConfig } from "../../config/run_config.ts";
import { drawUniform } from "../../kernels/random/philox.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import type { Palette } from "../palette/palette.ts";
import { colorTargets } from "./color_targets.ts";

/** Options of {@linkcode logitsFromColors}. */
export interface LogitsFromColorsOptions
  extends Pick<RunConfig, "seed">, Pick<GeneratorConfig, "initDistance" | "softmaxRegularizer"> {}

/**
 * Computes logits that show colors.
 *
 * The logits of a pixel are the similarities of its color to the palette colors, centered, and
 * scaled to the same norm at each pixel: the mean norm of all pixels times `softmaxRegularizer`.
 * With the distance "zero" they stay 0.
 *
 * @param colors sRGB in [0, 1], shape [H, W, 3].
 * @returns Shape [H, W, K].
 */
export function logitsFromColors(
  colors: Float32Array,
  palette: Palette,
  options: LogitsFromColorsOptions,
): Float32Array<ArrayBuffer> {
  const logits = targetsOf(colors, palette, options);
  center(logits, palette.size);
  rescale(logits, palette.size, options.softmaxRegularizer);
  return logits;
}

function targetsOf(
  colors: Float32Array,
  palette: Palette,
  { initDistance, seed }: LogitsFromColorsOptions,
): Float32Array<ArrayBuffer> {
  const count = colors.length / 3 * palette.size;
  if (initDistance === "zero") return new Float32Array(count);
  if (initDistance !== "random") return colorTargets(colors, palette, initDistance);
  const key = { seed, stream: RANDOM_STREAMS.initialization, step: 0 };
  return Float32Array.from(drawUniform(key, count));
}

/** Subtracts from the logits of each pixel their mean, in place. */
function center(logits: Float32Array, count: number): void {
  for (let i = 0; i < logits.length; i += count) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += logits[i + k]!;
    for (let k = 0; k < count; k++) logits[i + k]! -= sum / count;
  }
}

/**
 * Rescales the logits of each pixel to the mean norm times `factor`, in place; zeros stay zeros.
 */
function rescale(logits: Float32Array, count: number, factor: number): void {
  const norms = new Float64Array(logits.length / count);
  for (let i = 0; i < norms.length; i++) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += logits[i * count + k]! ** 2;
    norms[i] = Math.sqrt(sum);
  }
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
  for (const [i, norm] of norms.entries()) {
    if (norm === 0) continue;
    for (let k = 0; k < count; k++) logits[i * count + k]! *= factor * mean / norm;
  }
}
