import type { IndexedPicture } from "../finish/indexed_picture.ts";

/** Pictures of one size and palette, in order. */
export interface Sprite {
  /** One or more, of the same size and palette. */
  readonly frames: readonly IndexedPicture[];
  /** Time of each frame in milliseconds. Default: 100. */
  readonly duration?: number;
  /** Named ranges of frames. Default: none. */
  readonly tags?: readonly SpriteTag[];
}

/** A named range of frames, such as "walk". */
export interface SpriteTag {
  /** Its name. */
  readonly name: string;
  /** First frame, from 0. */
  readonly from: number;
  /** Last frame. */
  readonly to: number;
}

/** Time of a frame in milliseconds, if nothing is said. */
export const DEFAULT_DURATION = 100;

/** A sprite that a format cannot hold. */
export class SpriteError extends RangeError {
  /** Name of the class, as it is printed. */
  override readonly name = "SpriteError";
}

/**
 * Checks that a sprite has frames of one size and palette.
 *
 * @returns The first frame.
 * @throws {SpriteError} If it has none, or they differ.
 */
export function firstFrame({ frames }: Sprite): IndexedPicture {
  const [first] = frames;
  if (first === undefined) throw new SpriteError("Cannot write sprite: expected a frame, got none");
  for (const frame of frames) {
    const isSame = frame.height === first.height && frame.width === first.width &&
      frame.palette.toHexText() === first.palette.toHexText();
    if (!isSame) {
      throw new SpriteError("Cannot write sprite: expected frames of one size and palette");
    }
  }
  return first;
}
