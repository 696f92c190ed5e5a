import assert from "node:assert/strict";
import { assignAtMinCost } from "../../../lib/craft/min_cost_assignment.ts";

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

/** The minimum cost by trying every material for every cell. */
function bruteForce(cells: number[], capacities: number[], distances: number[][]): number {
  const [first, ...others] = cells;
  if (first === undefined) return 0;
  return Math.min(
    ...capacities.map((capacity, m) => {
      if (capacity === 0) return Infinity;
      const rest = capacities.map((value, j) => j === m ? value - 1 : value);
      return distances[first]![m]! + bruteForce(others, rest, distances);
    }),
  );
}

/** Numbers that repeat, from 0 to below `below`. */
function* numbers(seed: number, below: number): Generator<number> {
  for (let state = seed;;) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    yield Math.floor(state / 2 ** 31 * below);
  }
}

Deno.test("assignAtMinCost() costs what the best of all assignments costs", () => {
  let improved = 0;
  for (let seed = 1; seed <= 25; seed++) {
    const random = numbers(seed, 50);
    const next = () => random.next().value as number;
    const supplies = [1 + next() % 3, 1 + next() % 2, next() % 3];
    const capacities = [next() % 3, next() % 3, next() % 3, 2];
    const distances = supplies.map(() => capacities.map(next));
    const flow = assignAtMinCost(supplies, capacities, distances);
    if (sum(supplies) > sum(capacities)) {
      assert.equal(flow, undefined);
      continue;
    }
    for (const [c, row] of flow!.entries()) assert.equal(sum(row), supplies[c]);
    for (const [m, capacity] of capacities.entries()) {
      assert(sum(flow!.map((row) => row[m]!)) <= capacity);
    }
    const cells = supplies.flatMap((count, c) => new Array<number>(count).fill(c));
    const cost = sum(flow!.flatMap((row, c) => [...row].map((n, m) => n * distances[c]![m]!)));
    assert.equal(cost, bruteForce(cells, capacities, distances), `seed ${seed}`);
    improved++;
  }
  assert(improved > 10);
});

Deno.test("assignAtMinCost() moves a color away where a greedy replacement would not", () => {
  // The first color has a good second choice, the second color has none.
  const flow = assignAtMinCost([1, 1], [1, 1], [[0, 1], [1, 100]]);
  assert.deepEqual(flow!.map((row) => [...row]), [[0, 1], [1, 0]]);
});
