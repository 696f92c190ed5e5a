/**
 * Computes the gradient of a function by central differences.
 *
 * @param step Step in both directions. Default: 1e-5, with an error of about 1e-10 in float64.
 */
export function numericalGradient(
  f: (values: Float64Array) => number,
  at: ArrayLike<number>,
  step = 1e-5,
): Float64Array {
  const values = Float64Array.from(at);
  return values.map((value, i) => {
    const moved = (by: number) => {
      values[i] = value + by;
      const result = f(values);
      values[i] = value;
      return result;
    };
    return (moved(step) - moved(-step)) / (2 * step);
  });
}
