/** Start and end of an axis, in pixels. */
export type Range = readonly [from: number, to: number];

/** Scale of an axis. */
export interface Scale {
  /** Values of the ticks. */
  readonly ticks: readonly number[];
  /** Returns the position of a value, in pixels. */
  position(value: number): number;
}

/** Factors of powers of ten for the ticks of a log scale, densest first. */
const ROUND_FACTORS = [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1]] as const;
/** Maximum number of ticks, except for powers of ten alone. */
const MAX_TICKS = 12;
/** Share of a log axis that is empty at each end. */
const MARGIN = 0.08;
/** Share of a log axis that is reserved for 0. */
const ZERO_SHARE = 0.12;

/**
 * Creates a scale from 0 to a round number, the maximum or more.
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
 * Creates a log scale. 0 has a separate position before its start.
 *
 * @param options.ticks Default: numbers such as 1, 2, 5, 10.
 * @param options.margin Share of the axis that is empty at each end. Default: 0.08.
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
  let [min, max] = positive.length > 0 ? [Math.min(...positive), Math.max(...positive)] : [1, 10];
  // A single value is in the middle.
  if (min === max) [min, max] = [min / 2, max * 2];
  const length = to - from;
  const start = from + length * (margin + (hasZero ? ZERO_SHARE : 0));
  const perFactor = (to - length * margin - start) / Math.log(max / min);
  const position = (value: number) =>
    value === 0 ? from + length * margin / 2 : start + perFactor * Math.log(value / min);
  const beyond = Math.exp(length * margin / perFactor);
  return {
    ticks: ticks ?? [...(hasZero ? [0] : []), ...roundNumbers(min / beyond, max * beyond)],
    position,
  };
}

function expectAmounts(values: readonly number[]): void {
  if (values.length > 0 && values.every((value) => value >= 0 && value < Infinity)) return;
  throw new RangeError(`Cannot make a scale: expected numbers from 0 on, got [${values}]`);
}

/** Lists round numbers within limits, as dense as the maximum number of ticks allows. */
function roundNumbers(min: number, max: number): number[] {
  const first = Math.floor(Math.log10(min));
  const count = Math.ceil(Math.log10(max)) - first + 1;
  const powers = Array.from({ length: count }, (_, i) => 10 ** (first + i));
  const lists = ROUND_FACTORS.map((factors) =>
    powers.flatMap((power) => factors.map((factor) => rounded(factor * power)))
      .filter((value) => value >= min && value <= max)
  );
  return lists.find(({ length }) => length <= MAX_TICKS) ?? lists.at(-1)!;
}

/** Returns the smallest 1, 2 or 5 times a power of ten that is not below a value. */
function roundStep(min: number): number {
  const power = 10 ** Math.floor(Math.log10(min));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= min * (1 - 1e-9))!;
}

/** Removes rounding errors such as in 0.30000000000000004. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
