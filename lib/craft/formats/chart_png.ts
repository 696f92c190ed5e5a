import { drawText, fillRectangle, textWidth } from "../../image/draw_text.ts";
import { encodePng } from "../../image/encode_png.ts";
import { Image, type Rgb } from "../../image/image.ts";
import { HEAVY_STEP, inkOn } from "../chart_grid.ts";
import type { CraftFormat } from "../craft_format.ts";
import type { Pattern } from "../pattern.ts";
import { covers } from "../symbols.ts";

/** Length of a cell in pixels, with the line at its left or upper end. */
const CELL = 20;
/** Room for the numbers of rows and columns. */
const AXIS = 28;
const GRID: Rgb = [170, 170, 170];
const BLACK: Rgb = [0, 0, 0];

/** The whole chart as one image: cells of 20 pixels with symbols, a heavy line each 10, axes. */
export const CHART_PNG: CraftFormat = {
  ending: "_chart.png",
  encode: (pattern) => encodePng(chartImage(pattern)),
};

function chartImage(pattern: Pattern): Image {
  const { height, width, indices } = pattern.picture;
  const size = { height: AXIS + height * CELL + 2, width: AXIS + width * CELL + 2 };
  const image = Image.filled(size, [255, 255, 255]);
  for (const { index, color, symbol } of pattern.colors) {
    const mask = maskOf(symbol);
    for (let i = 0; i < indices.length; i++) {
      if (indices[i] !== index) continue;
      const x = AXIS + i % width * CELL;
      const y = AXIS + Math.floor(i / width) * CELL;
      fillRectangle(image, { x, y, width: CELL, height: CELL }, color);
      for (const [dx, dy] of mask) {
        fillRectangle(image, { x: x + dx, y: y + dy, width: 1, height: 1 }, inkOn(color));
      }
    }
  }
  drawLines(image, height, width);
  return image;
}

function maskOf(symbol: Pattern["colors"][number]["symbol"]): [x: number, y: number][] {
  const inner = CELL - 1;
  return Array.from({ length: inner * inner }, (_, i): [number, number] => [
    i % inner,
    Math.floor(i / inner),
  ]).filter(([x, y]) => covers(symbol, (x + 0.5) / inner, (y + 0.5) / inner))
    .map(([x, y]) => [x + 1, y + 1]);
}

function drawLines(image: Image, rows: number, columns: number): void {
  for (const isHeavy of [false, true]) {
    const thickness = isHeavy ? 2 : 1;
    const color = isHeavy ? BLACK : GRID;
    for (let n = 0; n <= columns; n++) {
      if ((n % HEAVY_STEP === 0 || n === columns) !== isHeavy) continue;
      const area = { x: AXIS + n * CELL, y: AXIS, width: thickness, height: rows * CELL + 2 };
      fillRectangle(image, area, color);
    }
    for (let n = 0; n <= rows; n++) {
      if ((n % HEAVY_STEP === 0 || n === rows) !== isHeavy) continue;
      const area = { x: AXIS, y: AXIS + n * CELL, width: columns * CELL + 2, height: thickness };
      fillRectangle(image, area, color);
    }
  }
  for (let n = HEAVY_STEP; n <= Math.max(rows, columns); n += HEAVY_STEP) {
    const text = `${n}`;
    const center = AXIS + (n - 0.5) * CELL;
    const half = textWidth(text) / 2;
    if (n <= columns) {
      drawText(image, text, { x: Math.round(center - half), y: AXIS - 12, color: BLACK });
    }
    if (n <= rows) {
      const x = Math.round(AXIS - 4 - 2 * half);
      drawText(image, text, { x, y: Math.round(center - 4), color: BLACK });
    }
  }
}
