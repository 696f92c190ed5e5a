import { movesOf, type Symmetry } from "../constraint/symmetry.ts";
import { type Tile, tilesAlong } from "../constraint/tile.ts";
import { gridOf, rollPlanes, type Shift, sumOverMoves } from "./latent_grid.ts";
import type { PredictNoise } from "./samplers.ts";

/** What latents obey while an image is sampled or edited. */
export interface LatentRules {
  /** Which cells of the latents are alike. */
  readonly symmetry: Symmetry;
  /** Axes along which the image joins its copies. */
  readonly tile: Tile;
}

/** No rules. */
export const NO_LATENT_RULES: LatentRules = { symmetry: "none", tile: "none" };

/** Positions, as shares of an axis, at which the border of the teacher's image may lie. */
const SHIFTS = 4;

/**
 * Makes the predictions of a teacher obey rules.
 *
 * - Symmetry: the mean of the prediction and its mirror images. From symmetric noise, all latents
 *   of a sample are symmetric.
 * - Tiles: the latents are rolled along the axes before the prediction and back after it, by a
 *   quarter of the axis or several, another one at each timestep. So the teacher's border has no
 *   fixed place, and it sees what meets at the border of the picture side by side.
 *
 * @param shape Shape of the latents, [1, C, h, w].
 */
export function constrainPrediction(
  predict: PredictNoise,
  shape: readonly number[],
  { symmetry, tile }: LatentRules,
): PredictNoise {
  const size = gridOf(shape);
  const moves = movesOf(symmetry, size);
  const rolled: PredictNoise = tile === "none" ? predict : async (latents, timestep, alpha) => {
    const { y, x } = shiftAt(timestep, size, tile);
    const noise = await predict(rollPlanes(latents, size, { y, x }), timestep, alpha);
    return rollPlanes(noise, size, { y: -y, x: -x });
  };
  if (moves.length === 0) return rolled;
  return async (latents, timestep, alpha) => {
    const noise = await rolled(latents, timestep, alpha);
    return sumOverMoves(noise, moves).map((sum) => sum / (moves.length + 1));
  };
}

/**
 * Makes noise obey a symmetry. The sum of n independent normal values has the standard deviation
 * sqrt(n); cells on an axis of symmetry are counted several times, so each cell has its own n.
 *
 * @param noise Normal values, shape [1, C, h, w].
 */
export function constrainNoise(
  noise: Float32Array,
  shape: readonly number[],
  { symmetry }: LatentRules,
): Float32Array {
  const moves = movesOf(symmetry, gridOf(shape));
  if (moves.length === 0) return noise;
  const area = moves[0]!.length;
  const sums = sumOverMoves(noise, moves);
  return sums.map((sum, i) => {
    const cell = i % area;
    const orbit = [cell, ...moves.map((move) => move[cell]!)];
    const distinct = new Set(orbit).size;
    return sum * distinct / orbit.length / Math.sqrt(distinct);
  });
}

/** Returns where the teacher's border lies at a timestep. */
function shiftAt(
  timestep: number,
  { height, width }: { readonly height: number; readonly width: number },
  tile: Tile,
): Shift {
  // Knuth's multiplicative hash: neighboring timesteps get unlike shifts.
  const hash = Math.imul(Math.round(timestep), 0x9e3779b1) >>> 0;
  const share = (bits: number) => ((hash >>> bits) % SHIFTS) / SHIFTS;
  return {
    y: tilesAlong(tile, "y") ? Math.round(share(28) * height) : 0,
    x: tilesAlong(tile, "x") ? Math.round(share(24) * width) : 0,
  };
}
