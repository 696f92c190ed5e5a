import { type IndexedPicture, neighborsOf } from "../finish/indexed_picture.ts";
import { beadParts, singleBridges } from "./bead_parts.ts";
import type { Craft } from "./craft.ts";
import { createPattern } from "./create_pattern.ts";
import { countStitches } from "./stitches.ts";

/** A number that tells how hard a picture is to make; less is easier. */
export interface MakeMeasure {
  /** What is counted, such as "loose parts". */
  readonly name: string;
  /** The number. */
  readonly value: number;
  /** No way to make the picture has less, if that is known; equal to the value if proven. */
  readonly min?: number;
}

/** How many loose parts are named. */
const MAX_NAMED = 5;

/**
 * Measures how hard a picture is to make by hand or by machine.
 *
 * Beads: parts that no bead connects to the largest one, and beads on whose sides pieces hang.
 * Cross-stitch: stitches without a neighbor of their color, and changes of color in a row, on
 * average. Bricks: plates. Embroidery: regions of one cell, jumps, cuts and changes of the thread.
 *
 * @throws {CraftError} If the picture cannot be made at all.
 */
export function measureMaking(craft: Craft, picture: IndexedPicture): MakeMeasure[] {
  switch (craft.name) {
    case "beads":
      return [
        { name: "loose parts", value: beadParts(picture).length - 1 },
        { name: "single bridges", value: singleBridges(picture).length },
      ];
    case "cross-stitch":
      return [
        { name: "single stitches", value: singleCells(picture) },
        { name: "color changes a row", value: changesInRow(picture) },
      ];
    case "bricks": {
      const { plates, minPlates: min } = createPattern(craft, picture, { title: "" }).plates!;
      return [{ name: "plates", value: plates.length, min }];
    }
    case "embroidery": {
      const { hoops } = createPattern(craft, picture, { title: "" });
      const { jumps, trims } = countStitches(hoops.flatMap(({ blocks }) => blocks));
      const changes = hoops.reduce((sum, { blocks }) => sum + blocks.length - 1, 0);
      return [
        { name: "regions of one cell", value: singleCells(picture) },
        { name: "jumps", value: jumps },
        { name: "trims", value: trims },
        { name: "thread changes", value: changes },
      ];
    }
  }
}

/** Names the parts of a picture of beads that nothing connects to the largest one. */
export function nameLooseParts(picture: IndexedPicture): string[] {
  const loose = beadParts(picture).slice(1);
  const named = loose.slice(0, MAX_NAMED).map((part) => {
    const cell = Math.min(...part);
    const [row, column] = [Math.floor(cell / picture.width) + 1, cell % picture.width + 1];
    const beads = part.size === 1 ? "1 bead" : `${part.size} beads`;
    return `${beads} at column ${column}, row ${row}`;
  });
  if (loose.length > MAX_NAMED) named.push(`${loose.length - MAX_NAMED} more`);
  return named;
}

function singleCells(picture: IndexedPicture): number {
  const { indices, palette } = picture;
  return [...indices.keys()].filter((cell) =>
    indices[cell] !== palette.size &&
    ![...neighborsOf(picture, cell)].some((next) => indices[next] === indices[cell])
  ).length;
}

function changesInRow({ height, width, indices }: IndexedPicture): number {
  let changes = 0;
  for (const cell of indices.keys()) {
    if (cell % width > 0 && indices[cell] !== indices[cell - 1]) changes++;
  }
  return Math.round(changes / height * 10) / 10;
}
