import { Image, type ImageSize } from "../image/image.ts";

/** The cells of enlarged pixel art: squares of one size, which need not be whole pixels. */
export interface PixelGrid extends ImageSize {
  /** Edge of a cell in pixels of the image, 2 or more. */
  readonly cell: number;
  /** Upper end of the first row in pixels; below 0 if the image begins within a cell. */
  readonly top: number;
  /** Left end of the first column, likewise. */
  readonly left: number;
  /** Share of edges on the grid, corrected for chance as Cohen's kappa: 1 for all, 0 by chance. */
  readonly agreement: number;
}

const MIN_CELL = 2;
/** Minimum number of cells along the shorter axis. */
const MIN_CELLS = 6;
/** Below this agreement an image has no grid. */
const MIN_AGREEMENT = 0.55;
/** Sums of differences of up to this value are noise of compression. */
const MAX_NOISE = 32;
/**
 * Distances from a line, in half pixels, within which edges count as on it: they may be blurred.
 * The score is the mean over these. Each prefers a cell to its half, the lines of which also meet
 * all edges.
 */
const TOLERANCES = [0, 1, 2] as const;
/** The cell is first sought in the middle of the image, over at most this many pixels. */
const SEARCH_LENGTH = 768;
/** Cells that are partly outside of the image count if at least this share is inside. */
const MIN_CELL_SHARE = 0.5;

/**
 * Finds the grid of pixel art that was enlarged, also by a factor that is no whole number, and
 * blurred or compressed afterwards.
 *
 * Edges of the image are summed along rows and columns. The cell is the one for which most of them
 * lie on the lines of a grid, compared with the share of the image that lies near its lines.
 *
 * @returns Undefined if there is no such grid.
 */
export function detectGrid(image: Image): PixelGrid | undefined {
  const profiles = [edgeProfile(image, "columns"), edgeProfile(image, "rows")] as const;
  const middles = profiles.map((profile) => middleOf(profile, SEARCH_LENGTH));
  const maxCell = Math.min(image.height, image.width) / MIN_CELLS;
  const coarse = bestCell(middles, MIN_CELL, maxCell);
  if (coarse === undefined) return undefined;
  // Over the whole image, a small error of the cell adds up: look again, near by.
  const reach = coarse / Math.min(SEARCH_LENGTH, Math.min(...profiles.map(({ length }) => length)));
  const cell = bestCell(profiles, Math.max(MIN_CELL, coarse - reach), coarse + reach) ?? coarse;
  const [columns, rows] = profiles.map((profile) => bestOffset(profile, cell));
  const agreement = (columns!.agreement + rows!.agreement) / 2;
  if (agreement < MIN_AGREEMENT) return undefined;
  const vertical = axisOf(image.height, cell, rows!.offset);
  const horizontal = axisOf(image.width, cell, columns!.offset);
  return {
    cell,
    top: vertical.start,
    left: horizontal.start,
    height: vertical.count,
    width: horizontal.count,
    agreement,
  };
}

/**
 * Reduces enlarged pixel art to one pixel a cell: the median of each channel over the inner half of
 * the cell, which blur and compression hardly reach.
 */
export function sampleGrid(image: Image, grid: PixelGrid): Image {
  const small = new Image({ height: grid.height, width: grid.width });
  for (let y = 0; y < grid.height; y++) {
    const rows = innerRange(grid.top + y * grid.cell, grid.cell, image.height);
    for (let x = 0; x < grid.width; x++) {
      const columns = innerRange(grid.left + x * grid.cell, grid.cell, image.width);
      const start = (y * grid.width + x) * 4;
      for (let c = 0; c < 4; c++) {
        small.data[start + c] = median(channelValues(image, rows, columns, c));
      }
    }
  }
  return small;
}

/** Sums of differences between adjacent pixels: entry i is between pixels i - 1 and i. */
function edgeProfile({ height, width, data }: Image, axis: "rows" | "columns"): Float64Array {
  const isRows = axis === "rows";
  const profile = new Float64Array(isRows ? height : width);
  const step = isRows ? width * 4 : 4;
  for (let y = isRows ? 1 : 0; y < height; y++) {
    for (let x = isRows ? 0 : 1; x < width; x++) {
      const at = (y * width + x) * 4;
      let sum = 0;
      for (let c = 0; c < 4; c++) sum += Math.abs(data[at + c]! - data[at + c - step]!);
      profile[isRows ? y : x]! += Math.max(0, sum - MAX_NOISE);
    }
  }
  return profile;
}

function middleOf(profile: Float64Array, length: number): Float64Array {
  const start = Math.max(0, (profile.length - length) >> 1);
  return profile.subarray(start, start + length);
}

/** Finds the cell of the highest score; undefined if the image is too small or has no edges. */
function bestCell(profiles: readonly Float64Array[], min: number, max: number): number | undefined {
  const longest = Math.max(...profiles.map(({ length }) => length));
  let best: { cell: number; score: number } | undefined;
  // A step moves the last line by half a pixel.
  for (let cell = min; cell <= max; cell += 0.5 * cell / longest) {
    const score = profiles.reduce((sum, profile) => sum + bestOffset(profile, cell).score, 0);
    if (best === undefined || score > best.score) best = { cell, score };
  }
  return best !== undefined && best.score > 0 ? best.cell : undefined;
}

interface Offset {
  /** Position of the first line, in [0, cell). */
  readonly offset: number;
  /** Share of edges near the lines, less the share of the axis near them: compares cells. */
  readonly score: number;
  /** See {@linkcode PixelGrid}. */
  readonly agreement: number;
}

/** Finds the offset for which most edges are within the tolerance of a line. */
function bestOffset(profile: Float64Array, cell: number): Offset {
  // Edges, and all positions, by their position within a cell, in bins of about half a pixel.
  const bins = Math.max(3, Math.round(cell * 2));
  const edges = new Float64Array(bins);
  const positions = new Float64Array(bins);
  for (let i = 1; i < profile.length; i++) {
    const bin = Math.floor(i / cell % 1 * bins);
    edges[bin]! += profile[i]!;
    positions[bin]! += 1;
  }
  const total = edges.reduce((sum, value) => sum + value, 0);
  let best: Offset = { offset: 0, score: 0, agreement: 0 };
  if (total === 0) return best;
  for (let bin = 0; bin < bins; bin++) {
    let [score, agreement] = [0, 0];
    for (const tolerance of TOLERANCES) {
      const covered = sumAround(positions, bin, tolerance) / (profile.length - 1);
      if (covered >= 1) continue;
      const excess = sumAround(edges, bin, tolerance) / total - covered;
      score += excess / TOLERANCES.length;
      agreement = Math.max(agreement, excess / (1 - covered));
    }
    if (score > best.score) best = { offset: (bin + 0.5) / bins * cell, score, agreement };
  }
  return best;
}

/** Sums the bins of a cycle within a distance of one of them, each once. */
function sumAround(bins: Float64Array, middle: number, distance: number): number {
  const count = Math.min(bins.length, 2 * distance + 1);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += bins[(middle - distance + i + bins.length) % bins.length]!;
  return sum;
}

/** Returns the first cell and the number of cells along an axis. */
function axisOf(length: number, cell: number, offset: number): { start: number; count: number } {
  const start = offset / cell >= MIN_CELL_SHARE ? offset - cell : offset;
  const cells = (length - start) / cell;
  const count = Math.floor(cells) + (cells % 1 >= MIN_CELL_SHARE ? 1 : 0);
  return { start, count: Math.max(1, count) };
}

/** Returns the first and the last pixel of the inner half of a cell. */
function innerRange(start: number, cell: number, length: number): [first: number, last: number] {
  const clamp = (value: number) => Math.min(length - 1, Math.max(0, value));
  const first = clamp(Math.round(start + cell / 4));
  return [first, Math.max(first, clamp(Math.round(start + cell * 3 / 4) - 1))];
}

function channelValues(
  { width, data }: Image,
  [top, bottom]: readonly [number, number],
  [left, right]: readonly [number, number],
  channel: number,
): number[] {
  const values: number[] = [];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) values.push(data[(y * width + x) * 4 + channel]!);
  }
  return values;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}
