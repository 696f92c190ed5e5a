import type { IndexedPicture } from "../finish/indexed_picture.ts";
import type { Craft, PatternColor } from "./craft.ts";
import {
  ENTRIES,
  type Entry,
  fillSection,
  type FillStyle,
  type Section,
  sectionsOf,
} from "./fill_sections.ts";
import { type PageTile, pageTiles } from "./page_tiles.ts";
import { type Hoop, type StitchCommand, type StitchPoint, UNITS } from "./stitches.ts";
import { travelPath } from "./travel_path.ts";

/**
 * Distance of the rows of a fill, and of the points at one side of a zigzag: a thread of weight 40
 * is 0.4 mm wide.
 */
const SPACING = 4;
/** How far rows go beyond their cells: fabric gives way along the thread. */
const PULL = 2;
/** Distance of the rows of an underlay, and how far it stays inside. */
const UNDERLAY = { spacing: 20, inset: 5 } as const;
/** Moves that are longer are cut. */
const TRIM_AT = 30;
/** Points that are nearer than this to the one before are left out. */
const MIN_STITCH = 5;
/** Length of the stitches that lock a thread at its ends. */
const LOCK = 8;

/** Options of {@linkcode sew}. */
export interface SewOptions {
  /** Whether a sparse zigzag below each fill holds the fabric. Default: false. */
  readonly underlay?: boolean;
}

/**
 * Plans the stitches of a picture: hoop by hoop, color by color, each connected region filled with
 * rows. Inside a region the thread goes below its fill; between regions the machine jumps to the
 * nearest one, and cuts the thread where that is farther than 3 mm.
 *
 * @param colors The threads, in the order in which they are sewn.
 */
export function sew(
  craft: Craft,
  picture: IndexedPicture,
  colors: readonly PatternColor[],
  { underlay = false }: SewOptions = {},
): Hoop[] {
  const cell = craft.cell * UNITS;
  return pageTiles(picture, craft).flatMap((tile) => {
    const center = {
      x: Math.round((tile.columns.from + tile.columns.to) * cell / 2),
      y: Math.round((tile.rows.from + tile.rows.to) * cell / 2),
    };
    const bounds = { left: tile.columns.from * cell, right: tile.columns.to * cell };
    const toHoop = ({ x, y }: StitchPoint) => ({
      x: Math.max(bounds.left, Math.min(bounds.right, x)) - center.x,
      y: y - center.y,
    });
    const blocks = colors.flatMap((thread) => {
      const regions = regionsOf(picture, tile, thread.index);
      if (regions.length === 0) return [];
      const commands = sewRegions(regions, picture.width, { cell, underlay });
      return [{
        thread,
        commands: commands.map((command): StitchCommand =>
          command.kind === "trim" ? command : { kind: command.kind, ...toHoop(command) }
        ),
      }];
    });
    return blocks.length === 0 ? [] : [{ tile, blocks }];
  });
}

/** Finds the connected regions of a color in a hoop. */
function regionsOf(
  { indices, width }: IndexedPicture,
  { rows, columns }: PageTile,
  index: number,
): Set<number>[] {
  const left = new Set<number>();
  for (let row = rows.from; row < rows.to; row++) {
    for (let column = columns.from; column < columns.to; column++) {
      const cell = row * width + column;
      if (indices[cell] === index) left.add(cell);
    }
  }
  const regions: Set<number>[] = [];
  for (const start of left) {
    const region = new Set([start]);
    for (const cell of region) {
      left.delete(cell);
      // A region of a hoop has no cells beyond its columns, so rows need no check for their ends,
      // unless the hoop is as wide as the picture.
      const column = cell % width;
      const beside = [
        cell - width,
        cell + width,
        ...(column > 0 ? [cell - 1] : []),
        ...(column < width - 1 ? [cell + 1] : []),
      ];
      for (const next of beside) if (left.has(next)) region.add(next);
    }
    regions.push(region);
  }
  return regions;
}

interface RegionStyle {
  readonly cell: number;
  readonly underlay: boolean;
}

interface Task {
  readonly region: ReadonlySet<number>;
  readonly section: Section;
}

/** Sews all regions of a color, each time the nearest section, those of the same region first. */
function sewRegions(
  regions: readonly Set<number>[],
  width: number,
  style: RegionStyle,
): StitchCommand[] {
  const commands: StitchCommand[] = [];
  const tasks = new Set<Task>(
    regions.flatMap((region) => sectionsOf(region, width).map((section) => ({ region, section }))),
  );
  let at: StitchPoint | undefined;
  let region: ReadonlySet<number> | undefined;
  let run: StitchPoint[] = [];
  const filled = new Set<number>();
  while (tasks.size > 0) {
    const inside = [...tasks].filter((task) => task.region === region);
    const next = nearest(inside.length > 0 ? inside : [...tasks], at, style);
    tasks.delete(next.task);
    const points = sectionPoints(next.task.section, next.entry, style);
    if (next.task.region !== region) {
      addRun(commands, run);
      run = [];
      region = next.task.region;
    } else {
      run.push(...travelPath({ region, filled }, at!, points[0]!, { width, cell: style.cell }));
    }
    const isSamePoint = run.length > 0 && distance(run.at(-1)!, points[0]!) < MIN_STITCH;
    run.push(...isSamePoint ? points.slice(1) : points);
    at = points.at(-1)!;
    for (const { row, from, to } of next.task.section) {
      for (let column = from; column < to; column++) filled.add(row * width + column);
    }
  }
  addRun(commands, run);
  commands.push({ kind: "trim" });
  return commands;
}

/** The fill of a section, on its underlay if there is one. */
function sectionPoints(section: Section, entry: Entry, style: RegionStyle): StitchPoint[] {
  const fill: FillStyle = { cell: style.cell, spacing: SPACING, inset: -PULL };
  if (!style.underlay) return fillSection(section, entry, fill);
  // The underlay ends at the other end, from where the fill comes back.
  const below = fillSection(section, entry, { cell: style.cell, ...UNDERLAY });
  const end = below.at(-1)!;
  const backs = [true, false].map((isLeft) =>
    fillSection(section, { isTop: !entry.isTop, isLeft }, fill)
  );
  const [left, right] = backs.map((back) => distance(end, back[0]!));
  return [...below, ...(left! <= right! ? backs[0]! : backs[1]!)];
}

function nearest(tasks: readonly Task[], at: StitchPoint | undefined, { cell }: RegionStyle) {
  let best: { task: Task; entry: Entry; length: number } | undefined;
  for (const task of tasks) {
    for (const entry of ENTRIES) {
      const row = entry.isTop ? task.section[0]! : task.section.at(-1)!;
      const corner = {
        x: (entry.isLeft ? row.from : row.to) * cell,
        y: (row.row + (entry.isTop ? 0 : 1)) * cell,
      };
      const length = at === undefined ? 0 : distance(at, corner);
      if (best === undefined || length < best.length) best = { task, entry, length };
    }
  }
  return best!;
}

/** Adds a run of stitches with locks at its ends, and the move to it. */
function addRun(commands: StitchCommand[], run: readonly StitchPoint[]): void {
  if (run.length === 0) return;
  const [start, second] = [run[0]!, run[1]!];
  const last = commands.at(-1);
  if (last?.kind === "stitch" && distance(last, start) > TRIM_AT) commands.push({ kind: "trim" });
  commands.push({ kind: "jump", ...start });
  const [end, before] = [run.at(-1)!, run.at(-2)!];
  const points = [start, toward(start, second), ...run, toward(end, before), end];
  for (const point of points) commands.push({ kind: "stitch", ...point });
}

function toward(from: StitchPoint, to: StitchPoint): StitchPoint {
  const part = LOCK / distance(from, to);
  return {
    x: Math.round(from.x + (to.x - from.x) * part),
    y: Math.round(from.y + (to.y - from.y) * part),
  };
}

function distance(a: StitchPoint, b: StitchPoint): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
