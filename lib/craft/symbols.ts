import { glyphOf } from "../image/draw_text.ts";

/** A point of a symbol: x to the right and y down, in [0, 1]. */
export type Point = readonly [x: number, y: number];

/** Closed polygons in the unit square, filled by the even-odd rule. */
export type CraftSymbol = readonly (readonly Point[])[];

/** Letters and digits that are not mixed up, such as O and 0, or C and c. */
const CHARACTERS = "ABCDEFGHJKLMNPRSTUVWXYZ2345678abdefghnqrt";

/**
 * Returns a symbol of each number from 0. They differ in shape, so that they are told apart in
 * black and white, too: 36 drawn shapes, then characters alone and with bars beside them.
 *
 * @throws {RangeError} If there are not that many symbols.
 */
export function symbolAt(number: number): CraftSymbol {
  const symbol = SHAPES[number] ?? characterSymbol(number - SHAPES.length);
  if (symbol === undefined) {
    throw new RangeError(
      `Cannot choose symbol ${number}: expected a number below ${SYMBOL_COUNT}`,
    );
  }
  return symbol;
}

/** Returns whether a symbol covers a point of the unit square. */
export function covers(symbol: CraftSymbol, x: number, y: number): boolean {
  let isInside = false;
  for (const polygon of symbol) {
    for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
      const [x1, y1] = polygon[i]!;
      const [x2, y2] = polygon[j]!;
      if (y1 > y !== y2 > y && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1) isInside = !isInside;
    }
  }
  return isInside;
}

/** Bars beside a character, in the order in which they are used up. */
const BARS: readonly CraftSymbol[] = [
  [],
  [box(0.1, 0.88, 0.9, 0.98)],
  [box(0.1, 0.02, 0.9, 0.12)],
  [box(0.02, 0.1, 0.12, 0.9)],
  [box(0.88, 0.1, 0.98, 0.9)],
  [box(0.1, 0.88, 0.9, 0.98), box(0.1, 0.02, 0.9, 0.12)],
  [box(0.02, 0.1, 0.12, 0.9), box(0.88, 0.1, 0.98, 0.9)],
];

function characterSymbol(number: number): CraftSymbol | undefined {
  const character = CHARACTERS[number % CHARACTERS.length]!;
  const bars = BARS[Math.floor(number / CHARACTERS.length)];
  if (bars === undefined || !(number >= 0)) return undefined;
  const { width, rows } = glyphOf(character);
  // Seven rows of dots above the baseline, and two below, which two letters need.
  const dot = 0.085;
  const [left, top] = [0.5 - width * dot / 2, 0.5 - 7.5 * dot / 2];
  const dots = rows.flatMap((bits, y) =>
    Array.from({ length: width }, (_, x) => x).filter((x) => bits >> x & 1)
      .map((x) => box(left + x * dot, top + y * dot, left + (x + 1) * dot, top + (y + 1) * dot))
  );
  return [...dots, ...bars];
}

function box(left: number, top: number, right: number, bottom: number): readonly Point[] {
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

/** A regular polygon; with `inner`, a star of that inner radius. */
function regular(corners: number, radius: number, turn = 0, inner = radius): readonly Point[] {
  const count = inner === radius ? corners : corners * 2;
  return Array.from({ length: count }, (_, i) => {
    const angle = 2 * Math.PI * (i / count + turn) - Math.PI / 2;
    const length = i % 2 === 0 ? radius : inner;
    return [0.5 + length * Math.cos(angle), 0.5 + length * Math.sin(angle)];
  });
}

function disc(radius: number): readonly Point[] {
  return regular(24, radius);
}

function plus(turn: number, thickness: number): readonly Point[] {
  const [t, r] = [thickness / 2, 0.36];
  const corners: readonly Point[] = [
    [-t, -r],
    [t, -r],
    [t, -t],
    [r, -t],
    [r, t],
    [t, t],
    [t, r],
    [-t, r],
    [-t, t],
    [-r, t],
    [-r, -t],
    [-t, -t],
  ];
  const [sin, cos] = [Math.sin(turn), Math.cos(turn)];
  return corners.map(([x, y]) => [0.5 + x * cos - y * sin, 0.5 + x * sin + y * cos]);
}

/** The most frequent color gets the first, which covers little of its color. */
const SHAPES: readonly CraftSymbol[] = [
  [disc(0.14)],
  [plus(0, 0.16)],
  [regular(3, 0.4)],
  [box(0.2, 0.2, 0.8, 0.8)],
  [plus(Math.PI / 4, 0.14)],
  [disc(0.36), disc(0.22)],
  [regular(4, 0.42)],
  [box(0.18, 0.18, 0.82, 0.82), box(0.32, 0.32, 0.68, 0.68)],
  [regular(5, 0.42, 0, 0.17)],
  [box(0.12, 0.42, 0.88, 0.58)],
  [regular(3, 0.4, 0.5)],
  [box(0.42, 0.12, 0.58, 0.88)],
  [regular(4, 0.44), regular(4, 0.25)],
  [disc(0.34)],
  [[[0.16, 0.14], [0.84, 0.14], [0.5, 0.5], [0.84, 0.86], [0.16, 0.86], [0.5, 0.5]]],
  [[[0.12, 0.74], [0.74, 0.12], [0.88, 0.26], [0.26, 0.88]]],
  [regular(3, 0.4, 0.25)],
  [box(0.15, 0.24, 0.85, 0.4), box(0.15, 0.6, 0.85, 0.76)],
  [regular(4, 0.44, 0, 0.12)],
  [[[0.26, 0.12], [0.88, 0.74], [0.74, 0.88], [0.12, 0.26]]],
  [regular(3, 0.4, 0.75)],
  [box(0.24, 0.15, 0.4, 0.85), box(0.6, 0.15, 0.76, 0.85)],
  [[[0.14, 0.16], [0.5, 0.5], [0.14, 0.84]], [[0.86, 0.16], [0.86, 0.84], [0.5, 0.5]]],
  [disc(0.38), disc(0.28), disc(0.13)],
  [[[0.14, 0.14], [0.86, 0.14], [0.14, 0.86]]],
  [[[0.86, 0.14], [0.86, 0.86], [0.14, 0.86]]],
  [box(0.15, 0.15, 0.5, 0.5), box(0.5, 0.5, 0.85, 0.85)],
  [box(0.12, 0.12, 0.34, 0.34), box(0.66, 0.12, 0.88, 0.34)]
    .concat([box(0.12, 0.66, 0.34, 0.88), box(0.66, 0.66, 0.88, 0.88)]),
  [box(0.14, 0.14, 0.48, 0.86)],
  [box(0.14, 0.52, 0.86, 0.86)],
  [regular(3, 0.42), regular(3, 0.2)],
  [regular(3, 0.42, 0.5), regular(3, 0.2, 0.5)],
  [[[0.16, 0.14], [0.34, 0.14], [0.34, 0.68], [0.84, 0.68], [0.84, 0.86], [0.16, 0.86]]],
  [[[0.16, 0.14], [0.84, 0.14], [0.84, 0.86], [0.66, 0.86], [0.66, 0.32], [0.16, 0.32]]],
  [regular(6, 0.42, 0, 0.22), disc(0.1)],
  [box(0.14, 0.14, 0.86, 0.26), box(0.44, 0.26, 0.56, 0.86)],
];

/** The number of symbols. */
export const SYMBOL_COUNT: number = SHAPES.length + CHARACTERS.length * BARS.length;
