import { cleanOrphans } from "../finish/orphan_pixels.ts";
import { FREE, type PictureRules } from "./picture_rules.ts";

/**
 * Chooses the color of each pixel: the cheapest picture that obeys rules, or nearly so.
 *
 * The rules are projections of the costs, in this order: excluded colors, kept pixels, symmetry,
 * the limit of the number of colors. Each color that a rule forbids at a pixel costs Infinity.
 * Pixels that share their color add their costs, by importance. Only the limit is greedy, see
 * {@linkcode limitColors}.
 *
 * The transparent class, if there is one, is one more class with costs: pixels are kept and
 * mirrored in it, and it is no color that a limit counts or drops.
 *
 * @param costs Cost of each class at each pixel, shape [H, W, C], finite; C is `rules.classes`.
 * @param options.removesOrphans Whether orphan pixels are cleaned; the costs are then squared
 * distances, see `cleanOrphans`.
 * @param options.fillsHoles Whether single transparent pixels are orphans, too. Default: true.
 * @returns Class of each pixel, shape [H, W].
 */
export function chooseColors(
  costs: ArrayLike<number>,
  rules: PictureRules,
  { removesOrphans = false, fillsHoles = true }: ChoiceOptions = {},
): Uint32Array<ArrayBuffer> {
  const { size, colors, classes, moves, importance } = rules;
  const ruled = applyRules(costs, rules);
  const indices = cheapest(ruled, classes);
  if (!removesOrphans) return indices;
  const tied = moves.length + 1;
  const costOf = (i: number, k: number) =>
    k === colors && fillsHoles ? Infinity : (importance?.[i] ?? 1) * ruled[i * classes + k]! / tied;
  return settleColors(cleanOrphans(indices, size, costOf), rules);
}

/** Options of {@linkcode chooseColors}. */
interface ChoiceOptions {
  readonly removesOrphans?: boolean;
  readonly fillsHoles?: boolean;
}

/**
 * Applies rules to costs.
 *
 * @param costs Shape [H, W, C], finite.
 * @returns Same shape; Infinity where a rule forbids a color.
 */
export function applyRules(
  costs: ArrayLike<number>,
  rules: PictureRules,
): Float64Array<ArrayBuffer> {
  const ruled = Float64Array.from(costs);
  forbid(ruled, rules.excludedColors, rules.classes);
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
function forbid(costs: Float64Array, forbidden: Iterable<number>, classes: number): void {
  for (const k of forbidden) {
    for (let i = k; i < costs.length; i += classes) costs[i] = Infinity;
  }
}

function keepPixels(costs: Float64Array, { kept, classes }: PictureRules): void {
  for (const [i, own] of kept?.entries() ?? []) {
    if (own === FREE) continue;
    costs.fill(Infinity, i * classes, (i + 1) * classes);
    costs[i * classes + own] = 0;
  }
}

/**
 * Adds the costs of all pixels that share their color. With importance, each has its share of the
 * importance of all of them.
 */
function tiePixels(
  costs: Float64Array<ArrayBuffer>,
  { moves, classes, importance }: PictureRules,
): Float64Array<ArrayBuffer> {
  if (moves.length === 0) return costs;
  const weights = importance && tiedWeights(importance, moves);
  const weighted = (i: number, k: number) => (weights?.[i] ?? 1) * costs[i * classes + k]!;
  return costs.map((_, j) => {
    const [i, k] = [Math.floor(j / classes), j % classes];
    return moves.reduce((sum, move) => sum + weighted(move[i]!, k), weighted(i, k));
  });
}

/** Returns importance relative to its mean over the pixels that share their color. */
function tiedWeights(importance: Float64Array, moves: readonly Uint32Array[]): Float64Array {
  return importance.map((own, i) => {
    const sum = moves.reduce((sum, move) => sum + importance[move[i]!]!, own);
    return own * (moves.length + 1) / sum;
  });
}

/** Share of the colors that are dropped together while there are more than twice too many. */
const DROPPED_SHARE = 0.25;

/**
 * Limits the number of colors that are the cheapest of any pixel: drops the color whose loss costs
 * least, again and again. Far above the limit, a quarter of the colors is dropped together. Locked
 * colors and those of kept pixels are never dropped. The transparent class is no color.
 */
function limitColors(costs: Float64Array, rules: PictureRules): void {
  const { maxColors, lockedColors, kept, colors, classes } = rules;
  if (maxColors === undefined) return;
  const fixed = new Set([...lockedColors, ...kept ?? []].filter((k) => k !== FREE && k < colors));
  let used = usedColors(costs, rules);
  while (new Set([...used, ...fixed]).size > maxColors) {
    const losses = lossesOf(costs, rules);
    const droppable = [...used].filter((k) => !fixed.has(k))
      .sort((a, b) => losses[a]! - losses[b]! || a - b);
    const count = used.size > 2 * maxColors ? Math.ceil(droppable.length * DROPPED_SHARE) : 1;
    const dropped = new Set(droppable.slice(0, count));
    forbid(costs, dropped, classes);
    used = usedColors(costs, rules);
  }
  // Colors that no pixel prefers now stay out, for the removal of orphans.
  const unused = Array.from({ length: colors }, (_, k) => k)
    .filter((k) => !used.has(k) && !fixed.has(k));
  forbid(costs, unused, classes);
}

function usedColors(costs: Float64Array, { colors, classes }: PictureRules): Set<number> {
  return new Set(cheapest(costs, classes).filter((k) => k < colors));
}

/**
 * Returns what the loss of each class would cost: the way of its pixels to their second class, by
 * importance.
 */
function lossesOf(costs: Float64Array, { classes, importance }: PictureRules): Float64Array {
  const losses = new Float64Array(classes);
  for (let i = 0; i < costs.length; i += classes) {
    let [first, best, second] = [0, Infinity, Infinity];
    for (let k = 0; k < classes; k++) {
      const cost = costs[i + k]!;
      if (cost < best) [first, best, second] = [k, cost, best];
      else if (cost < second) second = cost;
    }
    losses[first]! += (importance?.[i / classes] ?? 1) * (second - best);
  }
  return losses;
}

/** Returns the cheapest class of each pixel, the first on ties. */
function cheapest(costs: Float64Array, classes: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: costs.length / classes }, (_, i) => {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if (costs[i * classes + k]! < costs[i * classes + best]!) best = k;
    }
    return best;
  });
}
