import type { Seed } from "../../kernels/random/philox.ts";
import type { AugmentationConfig } from "../../config/run_config.ts";
import type { Corner } from "../../kernels/augment/perspective_coefficients.ts";
import { drawUniform } from "../../kernels/random/philox.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import type { Shift } from "../../kernels/augment/roll.ts";
import { type Tile, tilesAlong } from "../constraint/tile.ts";
import type { ImageSize } from "../image/image.ts";

/** A perspective transform, by the corners of the image. */
export interface Perspective {
  /** Corners of the image: upper left, upper right, lower right, lower left. */
  readonly startpoints: readonly Corner[];
  /** Their positions after the transform, in the same order. */
  readonly endpoints: readonly Corner[];
}

/** Random transforms of an image, in the order roll, grayscale, perspective, flip. */
export interface Augmentation {
  /** Temperature of the generator's softmax. */
  readonly tau: number;
  /** Whether the image becomes grayscale. */
  readonly grayscale: boolean;
  /** The perspective; null for none. */
  readonly perspective: Perspective | null;
  /** Whether the image is flipped horizontally. */
  readonly hflip: boolean;
  /** By how many pixels of the teacher's image it is rolled. Default: it is not. */
  readonly shift?: Shift;
}

/** Options of {@linkcode drawAugmentation}. */
export interface DrawAugmentationOptions {
  /** Seed of the run. */
  readonly seed: Seed;
  /** Optimizer step, integer in [0, 2^32). */
  readonly step: number;
  /** Size of the teacher's image. */
  readonly size: ImageSize;
  /** Temperature if none is drawn. */
  readonly tau: number;
  /**
   * Axes along which copies of the picture join: it is rolled along them, so that the teacher sees
   * the seam inside of the image. Default: "none".
   */
  readonly tile?: Tile;
}

/** Random numbers: grayscale, perspective, flip, tau, x and y of four corners, and of the roll. */
const DRAWS = 14;
/** How many of them move corners. */
const MOVES = 8;

/**
 * Draws the transforms of a step. They are a function of the seed and the step.
 *
 * Corners move toward the center by whole pixels, along each axis by up to `distorsionScale` times
 * half its size. If the result is not convex, possible above 2/3, there is no perspective.
 *
 * Source: torchvision, transforms.RandomPerspective; the order is that of SD-piXL.
 */
export function drawAugmentation(
  config: AugmentationConfig,
  { seed, step, size, tau, tile = "none" }: DrawAugmentationOptions,
): Augmentation {
  // All numbers are always drawn, so that no option changes the numbers of another.
  const [gray, distorted, flipped, heat, ...moves] = drawUniform(
    { seed, stream: RANDOM_STREAMS.augmentation, step },
    DRAWS,
  );
  const [across, down] = moves.slice(MOVES);
  const shift = {
    y: tilesAlong(tile, "y") ? Math.floor(down! * size.height) : 0,
    x: tilesAlong(tile, "x") ? Math.floor(across! * size.width) : 0,
  };
  const { randomTau, randomTauMin, randomTauMax } = config;
  return {
    tau: randomTau ? randomTauMin + (randomTauMax - randomTauMin) * heat! : tau,
    grayscale: gray! < config.grayscaleProb,
    perspective: distorted! < config.distorsionProb
      ? perspectiveOf(size, config.distorsionScale, moves)
      : null,
    hflip: flipped! < config.hflipProb,
    ...tile === "none" ? {} : { shift },
  };
}

/** @param moves How far the corners move, in [0, 1): x and y of each, clockwise. */
function perspectiveOf(
  { height, width }: ImageSize,
  scale: number,
  moves: readonly number[],
): Perspective | null {
  const [right, bottom] = [width - 1, height - 1];
  const startpoints: Corner[] = [[0, 0], [right, 0], [right, bottom], [0, bottom]];
  const inward = (size: number, share: number) => {
    const max = Math.floor(scale * Math.floor(size / 2));
    return Math.min(max, Math.floor(share * (max + 1)));
  };
  const endpoints = startpoints.map(([x, y], i): Corner => {
    const across = inward(width, moves[2 * i]!);
    const down = inward(height, moves[2 * i + 1]!);
    return [x === 0 ? across : x - across, y === 0 ? down : y - down];
  });
  return isConvex(endpoints) ? { startpoints, endpoints } : null;
}

/** Whether a polygon in clockwise order turns right at every corner. */
function isConvex(corners: readonly Corner[]): boolean {
  return corners.every(([x, y], i) => {
    const [x1, y1] = corners[(i + 1) % corners.length]!;
    const [x2, y2] = corners[(i + 2) % corners.length]!;
    return (x1 - x) * (y2 - y1) - (y1 - y) * (x2 - x1) > 0;
  });
}
