/**
 * Assigns cells to materials under counts, at the minimum sum of costs.
 *
 * Each cell begins with its cheapest material. Then cells leave the materials that have too many,
 * one at a time, along the cheapest way to one that has some left; on the way, cells of other
 * materials may move too (successive shortest paths in the graph of materials). So the result is
 * exact.
 *
 * @param costs Cost of each material for each cell, shape [N, M].
 * @param counts Count of each material, length M.
 * @returns The material of each cell, length N; undefined if there are fewer materials than cells.
 *
 * Source: Ahuja, Magnanti & Orlin, Network Flows, 1993, section 9.7.
 */
export function assignCells(
  costs: Float64Array,
  counts: readonly number[],
): Uint32Array<ArrayBuffer> | undefined {
  const size = counts.length;
  const cells = costs.length / size;
  if (counts.reduce((sum, count) => sum + count, 0) < cells) return undefined;
  const assigned = Uint32Array.from({ length: cells }, (_, cell) => {
    const row = costs.subarray(cell * size, (cell + 1) * size);
    return row.indexOf(row.reduce((a, b) => Math.min(a, b)));
  });
  const owned = counts.map(() => new Set<number>());
  for (const [cell, m] of assigned.entries()) owned[m]!.add(cell);
  const moves = new Moves(costs, owned);
  for (let m = 0; m < size; m++) moves.update(m);
  const left = counts.map((count, m) => count - owned[m]!.size);
  while (left.some((count) => count < 0)) {
    const way = moves.cheapestWay(left);
    left[way[0]!]!++;
    left[way.at(-1)!]!--;
    const moved = way.slice(1).map((to, i) => ({
      to,
      from: way[i]!,
      cell: moves.cell(way[i]!, to),
    }));
    for (const { to, from, cell } of moved) {
      owned[from]!.delete(cell);
      owned[to]!.add(cell);
      assigned[cell] = to;
    }
    for (const m of way) moves.update(m);
  }
  return assigned;
}

/** The cheapest cell to move from each material to each other one. */
class Moves {
  readonly #costs: Float64Array;
  readonly #owned: readonly ReadonlySet<number>[];
  readonly #size: number;
  /** What the move costs, and its cell, shape [M, M]. */
  readonly #prices: Float64Array;
  readonly #cells: Int32Array;

  constructor(costs: Float64Array, owned: readonly ReadonlySet<number>[]) {
    this.#costs = costs;
    this.#owned = owned;
    this.#size = owned.length;
    this.#prices = new Float64Array(this.#size ** 2).fill(Infinity);
    this.#cells = new Int32Array(this.#size ** 2).fill(-1);
  }

  /** The cell of a move. */
  cell(from: number, to: number): number {
    return this.#cells[from * this.#size + to]!;
  }

  /** Finds the moves from a material again, after its cells changed. */
  update(from: number): void {
    const size = this.#size;
    const start = from * size;
    this.#prices.fill(Infinity, start, start + size);
    for (const cell of this.#owned[from]!) {
      const own = this.#costs[cell * size + from]!;
      for (let to = 0; to < size; to++) {
        const price = this.#costs[cell * size + to]! - own;
        if (to === from || price >= this.#prices[start + to]!) continue;
        this.#prices[start + to] = price;
        this.#cells[start + to] = cell;
      }
    }
  }

  /**
   * Finds the cheapest way from a material with too many cells to one with some left (Bellman-Ford:
   * moves back to a cheaper material cost less than 0).
   *
   * @param left Count of each material that is left; below 0 are too many.
   * @returns Materials, the first and the last included.
   */
  cheapestWay(left: readonly number[]): number[] {
    const size = this.#size;
    const sums = left.map((count) => count < 0 ? 0 : Infinity);
    const before = new Int32Array(size).fill(-1);
    let queue = [...sums.keys()].filter((m) => sums[m] === 0);
    while (queue.length > 0) {
      const next = new Set<number>();
      for (const from of queue) {
        for (let to = 0; to < size; to++) {
          const sum = sums[from]! + this.#prices[from * size + to]!;
          // Rounding must not make a circle cheaper.
          if (!(sum < sums[to]! - 1e-9)) continue;
          sums[to] = sum;
          before[to] = from;
          next.add(to);
        }
      }
      queue = [...next];
    }
    const ends = [...sums.keys()].filter((m) => left[m]! > 0);
    const way = [ends.reduce((a, b) => sums[b]! < sums[a]! ? b : a)];
    while (before[way[0]!] !== -1) way.unshift(before[way[0]!]!);
    return way;
  }
}
