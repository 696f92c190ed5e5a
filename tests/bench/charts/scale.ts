/** From where to where an axis goes, in pixels. */
export type Range = readonly [from: number, to: number];

/** Where values lie on an axis. */
export interface Scale {
  /** What the axis says. */
  readonly ticks: readonly number[];
  /** Returns where a value lies, in pixels. */
  position(value: number): number;
}

/** Factors of powers of ten that may be ticks of a scale by factors, the most first. */
const ROUND_FACTORS = [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1]] as const;
/** How many ticks are few enough, but for powers of ten alone. */
const MAX_TICKS = 12;
/** Share of an axis by factors that is empty at either end. */
const MARGIN = 0.08;
/** Share of an axis by factors that is kept for zero. */
const ZERO_SHARE = 0.12;

/**
 * Makes a scale from 0 to a round number, the largest value or more.
 *
 * @throws {RangeError} If there is no value, or one that is negative or not finite.
 */
export function linearScale(values: readonly number[], [from, to]: Range): Scale {
  const largest = Math.max(...values);
  expectAmounts(values);
  const step = roundStep((largest || 1) / 5);
  const count = Math.ceil((largest || 1) / step - 1e-9);
  return {
    ticks: Array.from({ length: count + 1 }, (_, i) => rounded(i * step)),
    position: (value) => from + (to - from) * value / (count * step),
  };
}

/**
 * Makes a scale on which equal factors are equally long. 0 stands apart before its beginning.
 *
 * @param options.ticks Default: numbers such as 1, 2, 5, 10.
 * @param options.margin Share of the axis that is empty at either end. Default: 0.08.
 * @throws {RangeError} If there is no value, or one that is negative or not finite.
 */
export function logScale(
  values: readonly number[],
  [from, to]: Range,
  options: { readonly ticks?: readonly number[]; readonly margin?: number } = {},
): Scale {
  const { ticks, margin = MARGIN } = options;
  const positive = values.filter((value) => value > 0);
  expectAmounts(values);
  const hasZero = positive.length < values.length;
  let [least, most] = positive.length > 0
    ? [Math.min(...positive), Math.max(...positive)]
    : [1, 10];
  // One value lies in the middle.
  if (least === most) [least, most] = [least / 2, most * 2];
  const length = to - from;
  const start = from + length * (margin + (hasZero ? ZERO_SHARE : 0));
  const perFactor = (to - length * margin - start) / Math.log(most / least);
  const position = (value: number) =>
    value === 0 ? from + length * margin / 2 : start + perFactor * Math.log(value / least);
  const beyond = Math.exp(length * margin / perFactor);
  return {
    ticks: ticks ?? [...(hasZero ? [0] : []), ...roundNumbers(least / beyond, most * beyond)],
    position,
  };
}

function expectAmounts(values: readonly number[]): void {
  if (values.length > 0 && values.every((value) => value >= 0 && value < Infinity)) return;
  throw new RangeError(`Cannot make a scale: expected numbers from 0 on, got [${values}]`);
}

/** Lists round numbers within limits: the most kinds of them that are few enough. */
function roundNumbers(least: number, most: number): number[] {
  const first = Math.floor(Math.log10(least));
  const count = Math.ceil(Math.log10(most)) - first + 1;
  const powers = Array.from({ length: count }, (_, i) => 10 ** (first + i));
  const lists = ROUND_FACTORS.map((factors) =>
    powers.flatMap((power) => factors.map((factor) => rounded(factor * power)))
      .filter((value) => value >= least && value <= most)
  );
  return lists.find(({ length }) => length <= MAX_TICKS) ?? lists.at(-1)!;
}

/** Returns the number 1, 2 or 5 with a power of ten that is next above. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9))!;
}

/** Drops what floating point adds, as in 0.30000000000000004. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
