/** Interpolation without antialiasing, as PyTorch's `interpolate` names it. */
export type Interpolation = "bilinear" | "bicubic";

/** A source position and its weight in a new value. */
export type Tap = readonly [index: number, weight: number];

/** Sharpness of the cubic. Source: torch's `interpolate(mode="bicubic")`. */
const CUBIC_A = -0.75;

/**
 * Returns the source positions and weights of each new position along one axis. The edge repeats.
 *
 * Source: PyTorch's `interpolate` with align_corners false and no antialiasing; Keys 1981, "Cubic
 * convolution interpolation for digital image processing".
 *
 * @param from Source length.
 * @param to New length.
 */
export function interpolationTaps(
  from: number,
  to: number,
  interpolation: Interpolation,
): readonly (readonly Tap[])[] {
  const [before, count] = interpolation === "bicubic" ? [1, 4] : [0, 2];
  const share = interpolation === "bicubic" ? cubic : (distance: number) => 1 - distance;
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * from / to - 0.5;
    const first = Math.floor(center) - before;
    return Array.from({ length: count }, (_, k) => {
      const index = Math.min(from - 1, Math.max(0, first + k));
      return [index, share(Math.abs(center - first - k))] as const;
    });
  });
}

/** The cubic at a distance in [0, 2]. */
function cubic(d: number): number {
  const a = CUBIC_A;
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}
