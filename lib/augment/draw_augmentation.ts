import type { AugmentationConfig } from "../../config/run_config.ts";
import type { Corner } from "../../kernels/augment/perspective_coefficients.ts";
import { drawUniform } from "../../kernels/random/philox.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import type { ImageSize } from "../image/image.ts";

/** A perspective: where the corners of the picture go. */
export interface Perspective {
  /** Corners of the picture: upper left, upper right, lower right, lower left. */
  readonly startpoints: readonly Corner[];
  /** Where they go, in the same order. */
  readonly endpoints: readonly Corner[];
}

/** A random change of the picture. Grayscale comes first, then perspective, then the flip. */
export interface Augmentation {
  /** Temperature of the generator's softmax. */
  readonly tau: number;
  /** Whether the picture turns gray. */
  readonly grayscale: boolean;
  /** A perspective; null leaves the corners where they are. */
  readonly perspective: Perspective | null;
  /** Whether left and right change places. */
  readonly hflip: boolean;
}

/** What {@linkcode drawAugmentation} takes besides the config. */
export interface DrawAugmentationOptions {
  /** Seed of the run, integer in [0, 2^32). */
  readonly seed: number;
  /** Optimizer step, integer in [0, 2^32). */
  readonly step: number;
  /** Size of the teacher's image. */
  readonly size: ImageSize;
  /** Temperature where none is drawn. */
  readonly tau: number;
}

/** One number each: grayscale, perspective, flip, tau, and x and y of four corners. */
const DRAWS = 12;

/**
 * Draws the random change of a step; the same seed and step give the same one.
 *
 * Corners move toward the middle by whole pixels, along each side by up to `distorsionScale` of its
 * half. Where they would form no convex shape, possible above two thirds, they stay.
 *
 * Source: torchvision, transforms.RandomPerspective; SD-piXL's order of changes.
 */
export function drawAugmentation(
  config: AugmentationConfig,
  { seed, step, size, tau }: DrawAugmentationOptions,
): Augmentation {
  // All are drawn always, so that switching one off does not change another.
  const [gray, distorted, flipped, heat, ...moves] = drawUniform(
    { seed, stream: RANDOM_STREAMS.augmentation, step },
    DRAWS,
  );
  const { randomTau, randomTauMin, randomTauMax } = config;
  return {
    tau: randomTau ? randomTauMin + (randomTauMax - randomTauMin) * heat! : tau,
    grayscale: gray! < config.grayscaleProb,
    perspective: distorted! < config.distorsionProb
      ? perspectiveOf(size, config.distorsionScale, moves)
      : null,
    hflip: flipped! < config.hflipProb,
  };
}

/** @param moves How far corners move, as shares in [0, 1): x and y of each, clockwise. */
function perspectiveOf(
  { height, width }: ImageSize,
  scale: number,
  moves: readonly number[],
): Perspective | null {
  const [right, bottom] = [width - 1, height - 1];
  const startpoints: Corner[] = [[0, 0], [right, 0], [right, bottom], [0, bottom]];
  const inward = (side: number, share: number) => {
    const most = Math.floor(scale * Math.floor(side / 2));
    return Math.min(most, Math.floor(share * (most + 1)));
  };
  const endpoints = startpoints.map(([x, y], i): Corner => {
    const across = inward(width, moves[2 * i]!);
    const down = inward(height, moves[2 * i + 1]!);
    return [x === 0 ? across : x - across, y === 0 ? down : y - down];
  });
  return isConvex(endpoints) ? { startpoints, endpoints } : null;
}

/** Says whether corners in clockwise order always turn right, and never go straight on. */
function isConvex(corners: readonly Corner[]): boolean {
  return corners.every(([x, y], i) => {
    const [x1, y1] = corners[(i + 1) % corners.length]!;
    const [x2, y2] = corners[(i + 2) % corners.length]!;
    return (x1 - x) * (y2 - y1) - (y1 - y) * (x2 - x1) > 0;
  });
}
