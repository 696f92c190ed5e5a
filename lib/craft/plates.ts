import { type IndexedPicture, neighborsOf } from "../finish/indexed_picture.ts";
import { CraftError, type PatternColor } from "./craft.ts";
import { layFewest } from "./fewest_plates.ts";
import { layGreedily } from "./greedy_plates.ts";
import type { PlacedPlate, PlateRegion } from "./plate_shapes.ts";

/** A plate on the studs of the picture. */
export interface Plate extends PlacedPlate {
  /** Index of the color in the palette. */
  readonly index: number;
}

/** How a picture is made of plates. */
export interface PlateLayout {
  /** The plates. */
  readonly plates: readonly Plate[];
  /** No layout in these parts has fewer plates; equal to their number if that is proven. */
  readonly minPlates: number;
}

/** States of the search for a cell, and in all. More cost seconds for a plate or two. */
const MAX_STATES = 300;
const MAX_STATES_IN_ALL = 150_000;

/**
 * Covers the studs of each color with plates. Each connected region gets the best of nine greedy
 * layouts, which a search then tries to improve. A region whose layout equals its lower bound, or
 * that the search could finish, has the fewest plates.
 *
 * @param colors The materials of the picture.
 * @throws {CraftError} If a material has no code of LDraw.
 */
export function layPlates(
  picture: IndexedPicture,
  colors: readonly Pick<PatternColor, "material">[],
): PlateLayout {
  for (const { material } of colors) {
    if (/^\d+$/.test(material.code)) continue;
    throw new CraftError(
      `Cannot make bricks in the colors of "${picture.palette.name}": expected codes of LDraw, as ` +
        `"lego" has them, got "${material.code}"`,
    );
  }
  const plates: Plate[] = [];
  let minPlates = 0;
  let states = MAX_STATES_IN_ALL;
  // Small regions first: they need few states.
  const regions = [...regionsOf(picture)].sort((a, b) => a.cells.length - b.cells.length);
  for (const { index, ...region } of regions) {
    const maxStates = Math.max(1, Math.min(MAX_STATES, Math.floor(states / region.cells.length)));
    const layout = layFewest(region, layGreedily(region), { maxStates });
    states = Math.max(0, states - layout.states);
    plates.push(...layout.plates.map((plate) => ({ ...plate, index })));
    minPlates += layout.minPlates;
  }
  plates.sort((a, b) => a.row - b.row || a.column - b.column);
  return { plates, minPlates };
}

function* regionsOf(picture: IndexedPicture): Generator<PlateRegion & { readonly index: number }> {
  const { indices, width, palette } = picture;
  const seen = new Set<number>();
  for (const [start, index] of indices.entries()) {
    if (index === palette.size || seen.has(start)) continue;
    const region = new Set([start]);
    for (const cell of region) {
      seen.add(cell);
      for (const next of neighborsOf(picture, cell)) if (indices[next] === index) region.add(next);
    }
    yield { index, width, cells: [...region].sort((a, b) => a - b) };
  }
}
