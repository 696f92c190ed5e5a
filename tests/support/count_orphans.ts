import { type IndexedPicture, neighborsOf } from "../../lib/finish/indexed_picture.ts";

/** Counts the orphan pixels: those whose color none of their four neighbors has. */
export function countOrphans(picture: IndexedPicture): number {
  return picture.indices.filter((index, pixel) =>
    [...neighborsOf(picture, pixel)].every((other) => picture.indices[other] !== index)
  ).length;
}
