import type { StitchPoint } from "./stitches.ts";

/** Cells of one row of a section: from the first to before the last. */
export interface SectionRow {
  /** The row. */
  readonly row: number;
  /** First column. */
  readonly from: number;
  /** One past the last column. */
  readonly to: number;
}

/** Rows that follow each other, each with one run of cells: an area that one zigzag fills. */
export type Section = readonly SectionRow[];

/** Where a zigzag begins. */
export interface Entry {
  /** Whether it begins at the upper end. */
  readonly isTop: boolean;
  /** Whether it begins at the left end. */
  readonly isLeft: boolean;
}

/** All entries. */
export const ENTRIES: readonly Entry[] = [
  { isTop: true, isLeft: true },
  { isTop: true, isLeft: false },
  { isTop: false, isLeft: true },
  { isTop: false, isLeft: false },
];

/** How a section is filled, in tenths of a millimeter. */
export interface FillStyle {
  /** Length of a cell. */
  readonly cell: number;
  /** Distance of rows. */
  readonly spacing: number;
  /** How far it stays from the left and right ends of the cells; below 0 it goes beyond. */
  readonly inset: number;
}

/** Longest distance between needle points along a row. */
const STITCH = 35;
/** Shortest distance of a needle point from the ends of its row. */
const MIN_STITCH = 10;
/** The first and the last row lie this far inside: less than half a thread, so no gap shows. */
const HALF_THREAD = 1;
/** How far the needle points move from row to row, so that they form no line. */
const SHIFT = 13;
/**
 * Sections up to this width are a zigzag (satin): both sides have needle points a spacing apart.
 */
const MAX_SATIN = 50;

/** Divides a region of cells into sections. A cell is its row times `width` plus its column. */
export function sectionsOf(region: ReadonlySet<number>, width: number): Section[] {
  const runs = runsOf(region, width);
  const below = (run: SectionRow) =>
    (runs.get(run.row + 1) ?? []).filter(({ from, to }) => from < run.to && to > run.from);
  const above = (run: SectionRow) =>
    (runs.get(run.row - 1) ?? []).filter(({ from, to }) => from < run.to && to > run.from);
  const sections: SectionRow[][] = [];
  const taken = new Set<SectionRow>();
  for (const run of [...runs.values()].flat()) {
    if (taken.has(run)) continue;
    const section: SectionRow[] = [];
    let next: SectionRow | undefined = run;
    while (next !== undefined) {
      taken.add(next);
      section.push(next);
      const followers = below(next);
      next = followers.length === 1 && above(followers[0]!).length === 1 ? followers[0] : undefined;
    }
    sections.push(section);
  }
  return sections;
}

/** The runs of cells of each row, in ascending order of rows. */
function runsOf(region: ReadonlySet<number>, width: number): Map<number, SectionRow[]> {
  const runs = new Map<number, SectionRow[]>();
  for (const cell of [...region].sort((a, b) => a - b)) {
    const [row, column] = [Math.floor(cell / width), cell % width];
    const list = runs.get(row) ?? [];
    const last = list.at(-1);
    if (last?.to === column) list[list.length - 1] = { ...last, to: column + 1 };
    else list.push({ row, from: column, to: column + 1 });
    runs.set(row, list);
  }
  return runs;
}

/**
 * Fills a section. A narrow one becomes a zigzag (satin). In others, rows lie side by side, and get
 * needle points between their ends, which move from row to row (tatami).
 *
 * @returns Needle points in tenths of a millimeter from the corner of cell (0, 0).
 */
export function fillSection(section: Section, entry: Entry, style: FillStyle): StitchPoint[] {
  const { cell, spacing } = style;
  const widest = Math.max(...section.map(({ from, to }) => (to - from) * cell));
  const isSatin = widest <= MAX_SATIN;
  const top = section[0]!.row * cell + HALF_THREAD;
  const bottom = (section.at(-1)!.row + 1) * cell - HALF_THREAD;
  const step = isSatin ? spacing / 2 : spacing;
  const passes = Math.max(1, Math.round((bottom - top) / step));
  const levels = Array.from(
    { length: passes + 1 },
    (_, k) => Math.round(top + (entry.isTop ? k : passes - k) * (bottom - top) / passes),
  );
  const isLeftAt = (k: number) => entry.isLeft === (k % 2 === 0);
  if (isSatin) {
    const ends = levels.map((y, k) => endOf(section, y, isLeftAt(k), style));
    return ends.flatMap((end, k) => k === 0 ? [end] : [...between(ends[k - 1]!, end, k), end]);
  }
  return levels.flatMap((y, k) => {
    const start = endOf(section, y, isLeftAt(k), style);
    const end = endOf(section, y, !isLeftAt(k), style);
    return [start, ...between(start, end, k), end];
  });
}

/** The end of the cells at a height. */
function endOf(
  section: Section,
  y: number,
  isLeft: boolean,
  { cell, inset }: FillStyle,
): StitchPoint {
  const { from, to } = section[Math.floor(y / cell) - section[0]!.row]!;
  return { x: isLeft ? from * cell + inset : to * cell - inset, y };
}

/** Needle points between the ends of a row. */
function between(start: StitchPoint, end: StitchPoint, number: number): StitchPoint[] {
  const length = end.x - start.x;
  const [low, high] = [
    Math.min(start.x, end.x) + MIN_STITCH,
    Math.max(start.x, end.x) - MIN_STITCH,
  ];
  const points: StitchPoint[] = [];
  const phase = number * SHIFT % STITCH;
  for (let x = Math.ceil((low - phase) / STITCH) * STITCH + phase; x <= high; x += STITCH) {
    points.push({ x, y: Math.round(start.y + (end.y - start.y) * (x - start.x) / length) });
  }
  return length < 0 ? points.reverse() : points;
}
