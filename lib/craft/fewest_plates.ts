import { pricesOf } from "./plate_bound.ts";
import {
  type PlacedPlate,
  PLATE_SHAPES,
  type PlateRegion,
  type PlateShape,
} from "./plate_shapes.ts";

/** Rounding errors of sums of prices are below this. */
const ROUNDING = 1e-6;

/** A layout of a region. */
export interface RegionLayout {
  /** The plates. */
  readonly plates: readonly PlacedPlate[];
  /** No layout has fewer. */
  readonly minPlates: number;
  /** States that the search looked at. */
  readonly states: number;
}

/** A way to cover the cells up to some cell. */
interface State {
  /** For each column, how many cells from its next one on are covered. */
  readonly depths: readonly number[];
  readonly count: number;
  /** Sum of the prices of the cells that are not covered. */
  readonly rest: number;
  readonly last: { readonly plate: PlacedPlate; readonly before: State["last"] } | undefined;
}

/**
 * Looks for a layout with fewer plates than a known one, by dynamic programming over the cells:
 * ways that cover the same cells are one state, and states that cannot become better than the
 * known layout, by prices of the cells, are dropped. If no state was dropped for another reason,
 * the result is the fewest plates, proven.
 *
 * @param known A layout of the region.
 * @param options.maxStates How many states are looked at for a cell, 1 or more. Beyond, those with
 *   the fewest plates by the bound continue.
 */
export function layFewest(
  region: PlateRegion,
  known: readonly PlacedPlate[],
  { maxStates }: { readonly maxStates: number },
): RegionLayout {
  const prices = pricesOf(region);
  const bound = roundUp(prices.reduce((sum, price) => sum + price, 0));
  if (known.length <= bound) return { plates: known, minPlates: known.length, states: 0 };
  return search(new Frame(region, prices), { known, bound, maxStates });
}

function search(frame: Frame, { known, bound, maxStates }: {
  readonly known: readonly PlacedPlate[];
  readonly bound: number;
  readonly maxStates: number;
}): RegionLayout {
  let best = known;
  let isExact = true;
  let looked = 0;
  let states: State[] = [frame.start()];
  for (let cell = 0; cell < frame.size && states.length > 0; cell++) {
    const next = new Map<string, State>();
    for (const state of states) {
      looked++;
      for (const following of frame.follow(state, cell)) {
        if (roundUp(following.count + following.rest) >= best.length) continue;
        const key = String.fromCharCode(...following.depths);
        const other = next.get(key);
        if (other === undefined || following.count < other.count) next.set(key, following);
      }
    }
    states = [...next.values()];
    if (states.length <= maxStates) continue;
    isExact = false;
    states.sort((a, b) => a.count + a.rest - b.count - b.rest);
    states.length = maxStates;
  }
  const [found] = states;
  if (found !== undefined) {
    const plates: PlacedPlate[] = [];
    for (let at = found.last; at !== undefined; at = at.before) plates.unshift(at.plate);
    best = plates;
  }
  return { plates: best, minPlates: isExact ? best.length : bound, states: looked };
}

/** The rectangle around a region, whose lines are its short side. */
class Frame {
  /** Number of cells. */
  readonly size: number;
  readonly #isTurned: boolean;
  readonly #top: number;
  readonly #left: number;
  /** Length of a line. */
  readonly #length: number;
  /** Prices by cells of the frame; undefined outside of the region. */
  readonly #prices: readonly (number | undefined)[];

  constructor({ cells, width }: PlateRegion, prices: Float64Array) {
    const rows = cells.map((cell) => Math.floor(cell / width));
    const columns = cells.map((cell) => cell % width);
    const [top, left] = [min(rows), min(columns)];
    const [height, breadth] = [max(rows) - top + 1, max(columns) - left + 1];
    this.#isTurned = breadth > height;
    this.#top = top;
    this.#left = left;
    this.#length = Math.min(height, breadth);
    this.size = height * breadth;
    const framed: (number | undefined)[] = Array.from({ length: this.size }, () => undefined);
    for (const i of cells.keys()) {
      const [row, column] = [rows[i]! - top, columns[i]! - left];
      framed[this.#isTurned ? column * height + row : row * breadth + column] = prices[i];
    }
    this.#prices = framed;
  }

  start(): State {
    const rest = this.#prices.reduce<number>((sum, price) => sum + (price ?? 0), 0);
    const depths = Array.from({ length: this.#length }, () => 0);
    return { depths, count: 0, rest, last: undefined };
  }

  /** All states after a cell: with each plate that begins on it, if it is not covered. */
  follow(state: State, cell: number): State[] {
    const across = cell % this.#length;
    const depth = state.depths[across]!;
    if (depth > 0 || this.#prices[cell] === undefined) {
      const depths = state.depths.slice();
      depths[across] = Math.max(0, depth - 1);
      return [{ ...state, depths }];
    }
    return PLATE_SHAPES.flatMap((shape) => this.#lay(state, cell, shape) ?? []);
  }

  #lay(state: State, cell: number, shape: PlateShape): State | undefined {
    const across = cell % this.#length;
    const [deep, broad] = this.#isTurned
      ? [shape.columns, shape.rows]
      : [shape.rows, shape.columns];
    if (across + broad > this.#length) return undefined;
    let rest = state.rest;
    for (let x = 0; x < broad; x++) {
      if (state.depths[across + x]! > 0) return undefined;
      for (let y = 0; y < deep; y++) {
        const price = this.#prices[cell + y * this.#length + x];
        if (price === undefined) return undefined;
        rest -= price;
      }
    }
    const depths = state.depths.slice();
    depths.fill(deep, across, across + broad);
    depths[across] = deep - 1;
    const last = { plate: this.#plateAt(cell, shape), before: state.last };
    return { depths, count: state.count + 1, rest, last };
  }

  #plateAt(cell: number, shape: PlateShape): PlacedPlate {
    const [along, across] = [Math.floor(cell / this.#length), cell % this.#length];
    const [down, right] = this.#isTurned ? [across, along] : [along, across];
    return { ...shape, row: this.#top + down, column: this.#left + right };
  }
}

function roundUp(sum: number): number {
  return Math.ceil(sum - ROUNDING);
}

function min(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b));
}

function max(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b));
}
