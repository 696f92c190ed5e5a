/** A corner, [x, y] in pixels. */
export type Corner = readonly [number, number];

/** The numbers a to h of (x, y) -> ((ax + by + c) / (gx + hy + 1), (dx + ey + f) / (gx + hy + 1)). */
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
 * Finds the map that takes four corners of the output to four corners of the input.
 *
 * Source: torchvision.transforms.functional's `_get_perspective_coeffs`: the same eight equations,
 * which have one solution, solved in float64 and rounded to float32.
 *
 * @param startpoints Corners in the input: four of [x, y], in pixels.
 * @param endpoints Where they come to lie in the output.
 * @throws {RangeError} If three corners lie on a line.
 */
export function perspectiveCoefficients(
  startpoints: readonly Corner[],
  endpoints: readonly Corner[],
): PerspectiveCoefficients {
  if (startpoints.length !== 4 || endpoints.length !== 4) {
    throw new RangeError(
      `Cannot find the perspective: expected 4 corners and 4 corners, ` +
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
 * Returns the inverse map: nine numbers, row by row, up to a common factor.
 *
 * @throws {RangeError} If there is none.
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
  // The factor does not matter, but its sign and size keep float32 in range.
  if (Math.abs(determinant) > 0) {
    return adjugate.map((value) => value / determinant) as typeof adjugate;
  }
  throw new RangeError(
    `Cannot invert the perspective: expected coefficients of a map that has an inverse, ` +
      `got [${coefficients.join(", ")}]`,
  );
}

/** Share of the largest coefficient below which a pivot is rounding. */
const MIN_PIVOT = 1e-12;

/** Solves linear equations by elimination; undefined if they have no single solution. */
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
