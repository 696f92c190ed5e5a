import { textWidth } from "./text_width.ts";

/** A rectangle, in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A mark and its name. */
export interface Named {
  readonly name: string;
  /** Center of the mark. */
  readonly x: number;
  readonly y: number;
}

/** Options of {@linkcode placeLabels}. */
export interface PlaceOptions {
  readonly area: Box;
  readonly fontSize: number;
  /** Radius of a mark, in pixels. */
  readonly radius: number;
  /** Distance of names from the marks of others, in pixels. Default: 6. */
  readonly clearance?: number;
}

/** Position of a name. */
export interface PlacedLabel extends Named {
  readonly box: Box;
  /** Whether it is so distant that it needs a line. */
  readonly isFar: boolean;
}

/** Height of a line of text, as a factor of its font size. */
const LINE_HEIGHT = 1.25;
const CLEARANCE = 6;
/** Distances of a name from its mark in pixels, ascending. */
const DISTANCES = [8, 18, 30, 44, 60, 80] as const;
/** Directions from a mark, the best first. */
const DIRECTIONS = [[1, 0], [0, -1], [-1, 0], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]] as const;
/** Number of rounds in which all names are placed. */
const ROUNDS = 6;
/** Cost of a square pixel of overlap. The costs of positions are in {@linkcode placesOf}. */
const OVERLAP_COST = 10;
/** Sampled points of a line. */
const LEADER_SAMPLES = 12;

/**
 * Finds a position for each name near its mark, within an area, without overlap.
 *
 * Coordinate descent: in each round each name takes the position of minimum cost while the others
 * stay. If no position is free, the one of minimum overlap is taken.
 */
export function placeLabels(
  marks: readonly Named[],
  { area, fontSize, radius, clearance = CLEARANCE }: PlaceOptions,
): PlacedLabel[] {
  // The distance from other marks makes clear whose name it is.
  const markBoxes = marks.map(({ x, y }) => around({ x, y }, radius + clearance));
  const choices = marks.map((mark) => {
    const places = placesOf(mark, fontSize);
    const within = places.filter(({ box }) => isWithin(box, area));
    // A name that fits nowhere is placed next to its mark nevertheless.
    return within.length > 0 ? within : places.slice(0, 1);
  });
  const placed = choices.map(([first]) => first!);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, places] of choices.entries()) {
      const costs = places.map((place) => {
        const shared = placed.map((other, k) => k === i ? 0 : sharedArea(place, other));
        const covered = markBoxes.map((box, k) => k === i ? 0 : overlap(place.box, box));
        return place.cost + OVERLAP_COST * sum([...shared, ...covered]);
      });
      placed[i] = places[costs.indexOf(Math.min(...costs))]!;
    }
  }
  return placed.map(({ mark, box, isFar }) => ({ ...mark, box, isFar }));
}

interface Place {
  readonly mark: Named;
  readonly box: Box;
  readonly isFar: boolean;
  readonly cost: number;
}

function placesOf(mark: Named, fontSize: number): Place[] {
  const [width, height] = [textWidth(mark.name, fontSize), fontSize * LINE_HEIGHT];
  return DISTANCES.flatMap((distance, i) =>
    DIRECTIONS.map(([dx, dy], k): Place => ({
      mark,
      box: {
        x: mark.x + dx * distance * (dy === 0 ? 1 : 0.7) - width * (1 - dx) / 2,
        y: mark.y + dy * distance * (dx === 0 ? 1 : 0.7) - height * (1 - dy) / 2,
        width,
        height,
      },
      isFar: i > 0,
      cost: distance * 3 + k,
    }))
  );
}

/** Returns the end of the line from a mark to its distant name. */
export function leaderEnd({ x, y, box }: Omit<PlacedLabel, "name" | "isFar">): {
  readonly x: number;
  readonly y: number;
} {
  return {
    x: Math.min(Math.max(x, box.x), box.x + box.width),
    y: Math.min(Math.max(y, box.y), box.y + box.height),
  };
}

/** Returns the overlap of two names with their lines, in square pixels. */
function sharedArea(a: Place, b: Place): number {
  // Adjacent names need a gap.
  const { x, y, width, height } = a.box;
  const wide = { x: x - 4, y, width: width + 8, height };
  return overlap(wide, b.box) + leaderArea(a, b.box) + leaderArea(b, a.box);
}

/** Returns the overlap of the line to a distant name with a box, as a strip of a width. */
function leaderArea({ mark: { x, y }, box: own, isFar }: Place, box: Box): number {
  if (!isFar) return 0;
  const end = leaderEnd({ x, y, box: own });
  const samples = Array.from({ length: LEADER_SAMPLES }, (_, i) => {
    const share = (i + 1) / (LEADER_SAMPLES + 1);
    return { x: x + (end.x - x) * share, y: y + (end.y - y) * share, width: 0, height: 0 };
  });
  return 10 * samples.filter((sample) => isWithin(sample, box)).length;
}

/** Returns the overlap of two rectangles, in square pixels. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}

/** Tests whether a rectangle contains another one. */
export function isWithin(inner: Box, outer: Box): boolean {
  return inner.x >= outer.x && inner.x + inner.width <= outer.x + outer.width &&
    inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height;
}

function around({ x, y }: { readonly x: number; readonly y: number }, half: number): Box {
  return { x: x - half, y: y - half, width: 2 * half, height: 2 * half };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
