/** A corner, [x, y] in pixels. */
export type Corner = readonly [number, number];

/**
 * Numbers a to h of the map of (x, y) to
 * ((a x + b y + c) / (g x + h y + 1), (d x + e y + f) / (g x + h y + 1)).
 */
export type PerspectiveCoefficients = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/**
 * Computes the map that takes four corners of the output to four corners of the input.
 *
 * Source: torchvision.transforms.functional's `_get_perspective_coeffs`: the same eight equations,
 * solved in float64 and rounded to float32.
 *
 * @param startpoints Corners in the input: four of [x, y], in pixels.
 * @param endpoints Their positions in the output, in the same order.
 * @throws {RangeError} If there are not four corners, or three of them lie on a line.
 */
export function perspectiveCoefficients(
  startpoints: readonly Corner[],
  endpoints: readonly Corner[],
): PerspectiveCoefficients {
  if (startpoints.length !== 4 || endpoints.length !== 4) {
    throw new RangeError(
      `Cannot find the perspective: expected 4 and 4 corners, ` +
        `got ${startpoints.length} and ${endpoints.length}`,
    );
  }
  const rows = endpoints.flatMap(([x, y], i) => {
    const [startX, startY] = startpoints[i]!;
    return [
      [x, y, 1, 0, 0, 0, -startX * x, -startX * y, startX],
      [0, 0, 0, x, y, 1, -startY * x, -startY * y, startY],
    ];
  });
  const solution = solve(rows);
  if (!solution) {
    throw new RangeError(
      `Cannot find the perspective: expected no three corners on a line, ` +
        `got ${JSON.stringify(endpoints)} from ${JSON.stringify(startpoints)}`,
    );
  }
  return solution.map(Math.fround) as unknown as PerspectiveCoefficients;
}

/**
 * Returns the inverse map: a matrix of nine numbers, row by row, up to a common factor.
 *
 * @throws {RangeError} If the map has no inverse.
 */
export function inversePerspective(
  coefficients: PerspectiveCoefficients,
): [...PerspectiveCoefficients, number] {
  const [a, b, c, d, e, f, g, h] = coefficients;
  const adjugate: [...PerspectiveCoefficients, number] = [
    e - f * h,
    c * h - b,
    b * f - c * e,
    f * g - d,
    a - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ];
  const determinant = a * adjugate[0] + b * adjugate[3] + c * adjugate[6];
  // The factor has no effect on the map, but keeps the numbers in the range of float32.
  if (Math.abs(determinant) > 0) {
    return adjugate.map((value) => value / determinant) as typeof adjugate;
  }
  throw new RangeError(
    `Cannot invert the perspective: expected coefficients of a map that has an inverse, ` +
      `got [${coefficients.join(", ")}]`,
  );
}

/** Minimum pivot, as a share of the largest coefficient. Smaller ones are rounding errors. */
const MIN_PIVOT = 1e-12;

/** Solves linear equations by elimination; undefined if there is not exactly one solution. */
function solve(equations: readonly (readonly number[])[]): number[] | undefined {
  const rows = equations.map((row) => [...row]);
  const size = rows.length;
  const largest = Math.max(...rows.flat().map(Math.abs));
  for (let column = 0; column < size; column++) {
    const candidates = rows.slice(column).map((row) => Math.abs(row[column]!));
    const pivot = column + candidates.indexOf(Math.max(...candidates));
    const pivotRow = rows[pivot]!;
    if (!(Math.abs(pivotRow[column]!) > MIN_PIVOT * largest)) return undefined;
    [rows[column], rows[pivot]] = [pivotRow, rows[column]!];
    for (const row of rows) {
      if (row === pivotRow) continue;
      const factor = row[column]! / pivotRow[column]!;
      for (let k = column; k <= size; k++) row[k]! -= factor * pivotRow[k]!;
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}
