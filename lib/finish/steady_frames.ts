import { oklabDistance, toOklab } from "../palette/oklab.ts";
import { type IndexedPicture, neighborsOf } from "./indexed_picture.ts";

/** Colors that are less far apart, in OKLab, are the same color seen through noise. */
const MAX_FLICKER = 0.12;

/**
 * Removes flicker from frames of one size and palette. A pixel keeps the color of the frame before
 * if the new color is about the same, or if none of its four neighbors changes.
 *
 * @returns New frames; the first one is unchanged.
 */
export function steadyFrames(frames: readonly IndexedPicture[]): IndexedPicture[] {
  const steady: IndexedPicture[] = [];
  for (const frame of frames) {
    const before = steady.at(-1);
    steady.push(before === undefined ? frame : steadyFrame(before, frame));
  }
  return steady;
}

function steadyFrame(before: IndexedPicture, frame: IndexedPicture): IndexedPicture {
  const { palette } = frame;
  const labs = Array.from({ length: palette.size }, (_, k) => toOklab(palette.at(k)));
  const isAlike = (a: number, b: number) =>
    a === b ||
    (a < labs.length && b < labs.length && oklabDistance(labs[a]!, labs[b]!) < MAX_FLICKER);
  const changes = frame.indices.map((k, i) => isAlike(k, before.indices[i]!) ? 0 : 1);
  const indices = frame.indices.map((k, i) => {
    const isAlone = [...neighborsOf(frame, i)].every((other) => changes[other] === 0);
    return changes[i] === 1 && !isAlone ? k : before.indices[i]!;
  });
  return { ...frame, indices };
}

/** Returns the share of pixels that change from frame to frame, in [0, 1]. */
export function changedShare(frames: readonly IndexedPicture[]): number {
  let changed = 0;
  let count = 0;
  for (let n = 1; n < frames.length; n++) {
    const [before, frame] = [frames[n - 1]!, frames[n]!];
    for (const [i, k] of frame.indices.entries()) if (before.indices[i] !== k) changed++;
    count += frame.indices.length;
  }
  return count === 0 ? 0 : changed / count;
}
