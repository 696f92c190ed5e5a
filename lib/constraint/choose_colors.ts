import { cleanOrphans } from "../finish/orphan_pixels.ts";
import { FREE, type PictureRules } from "./picture_rules.ts";

/**
 * Chooses the color of each pixel: the cheapest picture that obeys rules, or nearly so.
 *
 * The rules are projections of the costs, in this order: excluded colors, kept pixels, symmetry,
 * the limit of the number of colors. Each color that a rule forbids at a pixel costs Infinity.
 * Pixels that share their color add their costs. Only the limit is greedy, see
 * {@linkcode limitColors}.
 *
 * @param costs Cost of each color at each pixel, shape [H, W, K], finite.
 * @param options.removesOrphans Whether orphan pixels are cleaned; the costs are then squared
 * distances, see `cleanOrphans`.
 * @returns Palette index of each pixel, shape [H, W].
 */
export function chooseColors(
  costs: ArrayLike<number>,
  rules: PictureRules,
  { removesOrphans = false }: { readonly removesOrphans?: boolean } = {},
): Uint32Array<ArrayBuffer> {
  const { size, colors, moves } = rules;
  const ruled = applyRules(costs, rules);
  const indices = cheapest(ruled, colors);
  if (!removesOrphans) return indices;
  const tied = moves.length + 1;
  const cleaned = cleanOrphans(indices, size, (i, k) => ruled[i * colors + k]! / tied);
  return settleColors(cleaned, rules);
}

/**
 * Applies rules to costs.
 *
 * @param costs Shape [H, W, K], finite.
 * @returns Same shape; Infinity where a rule forbids a color.
 */
export function applyRules(
  costs: ArrayLike<number>,
  rules: PictureRules,
): Float64Array<ArrayBuffer> {
  const ruled = Float64Array.from(costs);
  forbid(ruled, rules.excludedColors, rules.colors);
  keepPixels(ruled, rules);
  const tied = tiePixels(ruled, rules);
  limitColors(tied, rules);
  return tied;
}

/**
 * Makes a picture obey kept pixels and symmetry again, after a finish that may have changed them.
 *
 * @param indices Palette index of each pixel, shape [H, W].
 */
export function settleColors(
  indices: Uint32Array,
  { kept, orbits, moves }: PictureRules,
): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(indices, (_, i) => {
    const own = kept?.[i] ?? FREE;
    if (own !== FREE) return own;
    const mirrored = moves.map((move) => kept?.[move[i]!] ?? FREE).find((k) => k !== FREE);
    return mirrored ?? indices[orbits[i]!]!;
  });
}

/** Forbids colors at all pixels. */
function forbid(costs: Float64Array, forbidden: Iterable<number>, colors: number): void {
  for (const k of forbidden) {
    for (let i = k; i < costs.length; i += colors) costs[i] = Infinity;
  }
}

function keepPixels(costs: Float64Array, { kept, colors }: PictureRules): void {
  for (const [i, own] of kept?.entries() ?? []) {
    if (own === FREE) continue;
    costs.fill(Infinity, i * colors, (i + 1) * colors);
    costs[i * colors + own] = 0;
  }
}

/** Adds the costs of all pixels that share their color. */
function tiePixels(
  costs: Float64Array<ArrayBuffer>,
  { moves, colors }: PictureRules,
): Float64Array<ArrayBuffer> {
  if (moves.length === 0) return costs;
  return costs.map((own, j) => {
    const [i, k] = [Math.floor(j / colors), j % colors];
    return moves.reduce((sum, move) => sum + costs[move[i]! * colors + k]!, own);
  });
}

/** Share of the colors that are dropped together while there are more than twice too many. */
const DROPPED_SHARE = 0.25;

/**
 * Limits the number of colors that are the cheapest of any pixel: drops the color whose loss costs
 * least, again and again. Far above the limit, a quarter of the colors is dropped together. Locked
 * colors and those of kept pixels are never dropped.
 */
function limitColors(costs: Float64Array, rules: PictureRules): void {
  const { maxColors, lockedColors, kept, colors } = rules;
  if (maxColors === undefined) return;
  const fixed = new Set([...lockedColors, ...kept ?? []]);
  let used = usedColors(costs, colors);
  while (new Set([...used, ...fixedColors(fixed)]).size > maxColors) {
    const losses = lossesOf(costs, colors);
    const droppable = [...used].filter((k) => !fixed.has(k))
      .sort((a, b) => losses[a]! - losses[b]! || a - b);
    const count = used.size > 2 * maxColors ? Math.ceil(droppable.length * DROPPED_SHARE) : 1;
    const dropped = new Set(droppable.slice(0, count));
    forbid(costs, dropped, colors);
    used = usedColors(costs, colors);
  }
  // Colors that no pixel prefers now stay out, for the removal of orphans.
  const unused = Array.from({ length: colors }, (_, k) => k)
    .filter((k) => !used.has(k) && !fixed.has(k));
  forbid(costs, unused, colors);
}

/** Returns the colors among those that are never dropped. */
function fixedColors(fixed: ReadonlySet<number>): number[] {
  return [...fixed].filter((k) => k !== FREE);
}

function usedColors(costs: Float64Array, colors: number): Set<number> {
  return new Set(cheapest(costs, colors));
}

/** Returns what the loss of each color would cost: the way of its pixels to their second color. */
function lossesOf(costs: Float64Array, colors: number): Float64Array {
  const losses = new Float64Array(colors);
  for (let i = 0; i < costs.length; i += colors) {
    let [first, best, second] = [0, Infinity, Infinity];
    for (let k = 0; k < colors; k++) {
      const cost = costs[i + k]!;
      if (cost < best) [first, best, second] = [k, cost, best];
      else if (cost < second) second = cost;
    }
    losses[first]! += second - best;
  }
  return losses;
}

/** Returns the cheapest color of each pixel, the first on ties. */
function cheapest(costs: Float64Array, colors: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: costs.length / colors }, (_, i) => {
    let best = 0;
    for (let k = 1; k < colors; k++) {
      if (costs[i * colors + k]! < costs[i * colors + best]!) best = k;
    }
    return best;
  });
}
