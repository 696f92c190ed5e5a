import { cellsUnder, PLATE_SHAPES, type PlateRegion } from "./plate_shapes.ts";

/** Rounds in which prices are lowered at random and raised again. */
const ROUNDS = 60;
/** The most visits of cells in these rounds. */
const MAX_VISITS = 20_000_000;

/**
 * Prices of the cells of a region, such that no plate that fits covers more than 1 in all. So the
 * plates over some cells are at least the sum of their prices: a lower bound, by the duality of
 * linear programs. Good prices have a large sum.
 *
 * They are found by coordinate ascent. It starts from each cell's share of the largest plate over
 * it, and continues from its best result with some prices lowered. The random numbers are always
 * the same.
 *
 * @returns A price for each cell, in the order of `region.cells`.
 */
export function pricesOf({ cells, width }: PlateRegion): Float64Array {
  const numberOf = new Map(cells.map((cell, i) => [cell, i]));
  const plates: number[][] = [];
  const platesOver: number[][] = cells.map(() => []);
  for (const cell of cells) {
    for (const shape of PLATE_SHAPES) {
      const plate = { ...shape, row: Math.floor(cell / width), column: cell % width };
      if (plate.column + plate.columns > width) continue;
      const under = cellsUnder(plate, width).map((one) => numberOf.get(one));
      if (!under.every((one) => one !== undefined)) continue;
      for (const one of under) platesOver[one]!.push(plates.length);
      plates.push(under);
    }
  }
  const visits = plates.reduce((sum, { length }) => sum + length, 0);
  let best = Float64Array.from(
    platesOver,
    (over) => 1 / Math.max(...over.map((plate) => plates[plate]!.length)),
  );
  let bestSum = 0;
  const rounds = Math.min(ROUNDS, Math.max(2, Math.floor(MAX_VISITS / visits)));
  const random = randomNumbers();
  for (let round = 0; round < rounds; round++) {
    const prices = best.slice();
    // The first rounds raise what there is, one of them from nothing.
    if (round === 1) prices.fill(0);
    if (round > 1) prices.forEach((price, i) => prices[i] = random() < 0.3 ? 0 : price);
    raise(prices, orderOf(platesOver, round, random), { plates, platesOver });
    const sum = prices.reduce((a, b) => a + b);
    if (sum <= bestSum) continue;
    [best, bestSum] = [prices, sum];
  }
  return best;
}

/** Order in which prices are raised: those first that few plates bound, then at random. */
function orderOf(
  platesOver: readonly (readonly number[])[],
  round: number,
  random: () => number,
): number[] {
  const rank = platesOver.map((over) => round < 2 ? over.length : random());
  return [...platesOver.keys()].sort((a, b) => rank[a]! - rank[b]! || a - b);
}

/** Raises each price as far as all plates over its cell allow. */
function raise(
  prices: Float64Array,
  order: readonly number[],
  { plates, platesOver }: {
    readonly plates: readonly (readonly number[])[];
    readonly platesOver: readonly (readonly number[])[];
  },
): void {
  const sums = Float64Array.from(
    plates,
    (under) => under.reduce((sum, cell) => sum + prices[cell]!, 0),
  );
  for (const cell of order) {
    const slack = platesOver[cell]!.reduce((min, plate) => Math.min(min, 1 - sums[plate]!), 1);
    if (slack <= 0) continue;
    prices[cell]! += slack;
    for (const plate of platesOver[cell]!) sums[plate]! += slack;
  }
}

function randomNumbers(): () => number {
  let state = 7;
  return () => (state = state * 48271 % 2147483647) / 2147483647;
}
