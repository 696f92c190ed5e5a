import type { Rgb } from "../image/image.ts";
import type { PatternColor } from "./craft.ts";
import type { Pattern } from "./pattern.ts";
import type { PageTile } from "./page_tiles.ts";
import type { Area, PdfCanvas } from "./pdf_canvas.ts";
import type { CraftSymbol } from "./symbols.ts";

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];
const GRID: Rgb = [150, 150, 150];

/** Cells between heavy lines. */
export const HEAVY_STEP = 10;

/** Returns black or white, whichever is seen on a color. */
export function inkOn([red, green, blue]: Rgb): Rgb {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 128 ? BLACK : WHITE;
}

/**
 * Draws cells with their symbols, the grid and its axes. The cells that a page repeats from others
 * are pale.
 *
 * @param x Left end of the grid in millimeters.
 * @param y Upper end of the grid in millimeters.
 */
export function drawGrid(
  canvas: PdfCanvas,
  pattern: Pattern,
  tile: PageTile,
  { x, y }: { readonly x: number; readonly y: number },
): void {
  const { cell } = pattern.craft;
  const left = x - tile.shownColumns.from * cell;
  const top = y - tile.shownRows.from * cell;
  for (const isRepeated of [true, false]) {
    for (const color of pattern.colors) {
      const areas = areasOf(pattern, color, tile, isRepeated);
      const shade = isRepeated ? pale(color.color) : color.color;
      canvas.fillAreas(
        areas.map((area) => ({
          x: left + area.x * cell,
          y: top + area.y * cell,
          width: area.width * cell,
          height: cell,
        })),
        shade,
      );
      canvas.fillSymbols(
        color.symbol,
        areas.flatMap((area) =>
          Array.from({ length: area.width }, (_, i) => ({
            x: left + (area.x + i) * cell,
            y: top + area.y * cell,
          }))
        ),
        cell,
        isRepeated ? GRID : inkOn(color.color),
      );
    }
  }
  drawLines(canvas, pattern, tile, { left, top });
  drawAxes(canvas, pattern, tile, { left, top });
}

/** Draws a symbol on its color in a square. */
export function drawSwatch(
  canvas: PdfCanvas,
  { color, symbol }: { readonly color: Rgb; readonly symbol: CraftSymbol },
  { x, y, length }: { readonly x: number; readonly y: number; readonly length: number },
): void {
  canvas.fillAreas([{ x, y, width: length, height: length }], color);
  canvas.fillSymbols(symbol, [{ x, y }], length, inkOn(color));
  canvas.lines(frameOf({ x, y, width: length, height: length }), 0.15, GRID);
}

/** Returns the four lines around an area. */
export function frameOf({ x, y, width, height }: Area): [number, number, number, number][] {
  return [
    [x, y, x + width, y],
    [x + width, y, x + width, y + height],
    [x + width, y + height, x, y + height],
    [x, y + height, x, y],
  ];
}

/** Finds the runs of a color in the rows of a page, in cells. */
function areasOf(
  { picture }: Pattern,
  { index }: PatternColor,
  tile: PageTile,
  isRepeated: boolean,
): Area[] {
  const areas: Area[] = [];
  for (let row = tile.shownRows.from; row < tile.shownRows.to; row++) {
    const isOwnRow = row >= tile.rows.from && row < tile.rows.to;
    let start: number | undefined;
    for (let column = tile.shownColumns.from; column <= tile.shownColumns.to; column++) {
      const isOwn = isOwnRow && column >= tile.columns.from && column < tile.columns.to;
      const fits = column < tile.shownColumns.to && isOwn !== isRepeated &&
        picture.indices[row * picture.width + column] === index;
      if (fits) start ??= column;
      if (fits || start === undefined) continue;
      areas.push({ x: start, y: row, width: column - start, height: 1 });
      start = undefined;
    }
  }
  return areas;
}

interface Corner {
  readonly left: number;
  readonly top: number;
}

function drawLines(canvas: PdfCanvas, pattern: Pattern, tile: PageTile, { left, top }: Corner) {
  const { cell } = pattern.craft;
  const { shownColumns: columns, shownRows: rows } = tile;
  const ys = [top + rows.from * cell, top + rows.to * cell] as const;
  const xs = [left + columns.from * cell, left + columns.to * cell] as const;
  const vertical = lineNumbers(columns);
  const horizontal = lineNumbers(rows);
  const linesAt = (isHeavy: boolean) => [
    ...vertical.filter((n) => isHeavyLine(n, pattern.picture.width) === isHeavy)
      .map((n) => [left + n * cell, ys[0], left + n * cell, ys[1]] as const),
    ...horizontal.filter((n) => isHeavyLine(n, pattern.picture.height) === isHeavy)
      .map((n) => [xs[0], top + n * cell, xs[1], top + n * cell] as const),
  ];
  canvas.lines(linesAt(false), 0.1, GRID);
  canvas.lines(linesAt(true), 0.35, BLACK);
  const own = {
    x: left + tile.columns.from * cell,
    y: top + tile.rows.from * cell,
    width: (tile.columns.to - tile.columns.from) * cell,
    height: (tile.rows.to - tile.rows.from) * cell,
  };
  canvas.lines(frameOf(own), 0.6, BLACK);
}

function isHeavyLine(number: number, length: number): boolean {
  return number % HEAVY_STEP === 0 || number === length;
}

/** The lines of a span, by the cells before them. */
function lineNumbers({ from, to }: { readonly from: number; readonly to: number }): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Numbers every tenth cell, and the first and the last of the page. */
function drawAxes(canvas: PdfCanvas, pattern: Pattern, tile: PageTile, { left, top }: Corner) {
  const { cell } = pattern.craft;
  const style = { size: 6.5, align: "center" } as const;
  for (const column of namedCells(tile.columns)) {
    const x = left + (column - 0.5) * cell;
    canvas.text(`${column}`, x, top + tile.shownRows.from * cell - 1.2, style);
  }
  for (const row of namedCells(tile.rows)) {
    const y = top + (row - 0.5) * cell + 0.8;
    const x = left + tile.shownColumns.from * cell - 1.2;
    canvas.text(`${row}`, x, y, { ...style, align: "right" });
  }
}

/** Numbers of cells from 1: the ends of a span, and the tens that are not beside them. */
function namedCells({ from, to }: { readonly from: number; readonly to: number }): number[] {
  const [first, last] = [from + 1, to];
  const tens = lineNumbers({ from: first, to: last })
    .filter((n) => n % HEAVY_STEP === 0 && n - first > 1 && last - n > 1);
  return [...new Set([first, ...tens, last])];
}

function pale(color: Rgb): Rgb {
  const mix = (value: number) => Math.round(255 - (255 - value) * 0.3);
  return [mix(color[0]), mix(color[1]), mix(color[2])];
}
