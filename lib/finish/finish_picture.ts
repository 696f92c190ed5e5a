import type { IndexedPicture, Wraps } from "./indexed_picture.ts";
import { outline } from "./outline.ts";
import { sharpenEdges } from "./sharp_edges.ts";

/** Options of {@linkcode finishPicture}. */
export interface FinishOptions {
  /** Whether edges may have colors between those of their areas. Default: true. */
  readonly antialias?: boolean;
  /** Palette index of an outline. Default: there is none. */
  readonly outline?: number;
  /** Axes along which copies of the picture join: an outline continues there. Default: none. */
  readonly wraps?: Wraps;
}

/**
 * Finishes a picture whose colors are chosen: removes the antialiasing of its edges, then draws the
 * outline. Rules may have to be settled again after it.
 *
 * @returns A new picture, or the given one if there is nothing to do.
 */
export function finishPicture(
  picture: IndexedPicture,
  { antialias = true, outline: color, wraps }: FinishOptions,
): IndexedPicture {
  const sharp = antialias ? picture : sharpenEdges(picture);
  return color === undefined ? sharp : outline(sharp, color, wraps);
}
