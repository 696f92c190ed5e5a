/** Steps of a distance of 1: with whole numbers, sums are exact. */
const STEPS = 10_000;

/**
 * Assigns supplies to materials with counts, at the minimum sum of distances.
 *
 * Paths of minimum cost are added until every supply is assigned (successive shortest paths), so
 * the result is exact for distances rounded to 0.0001.
 *
 * @param supplies Cells of each color, length C.
 * @param capacities Count of each material, length M.
 * @param distances Cost of a cell, shape [C, M], each 0 or more.
 * @returns The cells of each color that get each material, shape [C, M]; undefined if there are
 * fewer materials than cells.
 *
 * Source: Ahuja, Magnanti & Orlin, Network Flows, 1993, section 9.7.
 */
export function assignAtMinCost(
  supplies: readonly number[],
  capacities: readonly number[],
  distances: readonly ArrayLike<number>[],
): Float64Array[] | undefined {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  if (sum(supplies) > sum(capacities)) return undefined;
  const costs = distances.map((row) =>
    Float64Array.from(row, (distance) => Math.round(distance * STEPS))
  );
  const flow = supplies.map(() => new Float64Array(capacities.length));
  const rest = { supplies: [...supplies], capacities: [...capacities] };
  while (rest.supplies.some((supply) => supply > 0)) addCheapestPath(costs, flow, rest);
  return flow;
}

interface Rest {
  readonly supplies: number[];
  readonly capacities: number[];
}

/** Assigns as many cells as the cheapest path from an unassigned color to a free material has. */
function addCheapestPath(costs: readonly Float64Array[], flow: Float64Array[], rest: Rest): void {
  const { toMaterial, fromColor, fromMaterial } = cheapestPaths(costs, flow, rest);
  let end = -1;
  for (const [m, capacity] of rest.capacities.entries()) {
    if (capacity > 0 && (end < 0 || toMaterial[m]! < toMaterial[end]!)) end = m;
  }
  const path: [color: number, material: number, left: number][] = [];
  let amount = rest.capacities[end]!;
  for (let m = end; m >= 0;) {
    const color = fromColor[m]!;
    const left = fromMaterial[color]!;
    path.push([color, m, left]);
    amount = Math.min(amount, left < 0 ? rest.supplies[color]! : flow[color]![left]!);
    m = left;
  }
  for (const [color, material, left] of path) {
    flow[color]![material]! += amount;
    if (left >= 0) flow[color]![left]! -= amount;
    else rest.supplies[color]! -= amount;
  }
  rest.capacities[end]! -= amount;
}

/**
 * Finds the cheapest paths by Bellman and Ford: from a color to any material, and from a material
 * back to a color that has it, which gives it away.
 */
function cheapestPaths(costs: readonly Float64Array[], flow: readonly Float64Array[], rest: Rest) {
  const toColor = Float64Array.from(rest.supplies, (supply) => supply > 0 ? 0 : Infinity);
  const toMaterial = new Float64Array(rest.capacities.length).fill(Infinity);
  const fromColor = new Int32Array(rest.capacities.length).fill(-1);
  const fromMaterial = new Int32Array(rest.supplies.length).fill(-1);
  let queue = [...toColor.keys()].filter((color) => toColor[color] === 0);
  while (queue.length > 0) {
    const changed = new Set<number>();
    for (const color of queue) {
      for (const [m, cost] of costs[color]!.entries()) {
        if (toColor[color]! + cost >= toMaterial[m]!) continue;
        toMaterial[m] = toColor[color]! + cost;
        fromColor[m] = color;
        changed.add(m);
      }
    }
    const next = new Set<number>();
    for (const m of changed) {
      for (const [color, row] of flow.entries()) {
        const cost = toMaterial[m]! - costs[color]![m]!;
        if (row[m] === 0 || cost >= toColor[color]!) continue;
        toColor[color] = cost;
        fromMaterial[color] = m;
        next.add(color);
      }
    }
    queue = [...next];
  }
  return { toMaterial, fromColor, fromMaterial };
}
