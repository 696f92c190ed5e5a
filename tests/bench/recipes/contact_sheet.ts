import { drawText, shortenText, TEXT_HEIGHT, wrapText } from "../../../lib/image/draw_text.ts";
import { enlargementFactor, enlargeNearest } from "../../../lib/image/enlarge_nearest.ts";
import { Image, type Rgb } from "../../../lib/image/image.ts";
import { resizeImage } from "../../../lib/image/resize_image.ts";

/** A picture on a sheet. */
export interface SheetCell {
  /** The picture. */
  readonly picture: Image;
  /** Line below it. `isGood` selects its color: good, bad or neutral. */
  readonly caption?: { readonly text: string; readonly isGood?: boolean } | undefined;
}

/** A row of a sheet. */
export interface SheetRow {
  /** Text left of the row. */
  readonly label: string;
  /** Picture of each column; undefined for an empty cell. */
  readonly cells: readonly (SheetCell | undefined)[];
}

const BACKGROUND: Rgb = [38, 40, 48];
const TEXT_COLOR: Rgb = [242, 243, 246];
const PLAIN: Rgb = [158, 163, 176];
const GOOD: Rgb = [120, 220, 120];
const POOR: Rgb = [255, 150, 120];

// All in pixels.
const CELL = 128;
const GAP = 8;
const LABEL_WIDTH = 110;
const LINE = TEXT_HEIGHT + 3;
const ROW = CELL + LINE + GAP;

/** Draws pictures in rows and columns, with labels. */
export function contactSheet(columns: readonly string[], rows: readonly SheetRow[]): Image {
  const sheet = Image.filled({
    height: 2 * GAP + LINE + rows.length * ROW,
    width: 2 * GAP + LABEL_WIDTH + columns.length * (CELL + GAP),
  }, BACKGROUND);
  const left = (column: number) => GAP + LABEL_WIDTH + column * (CELL + GAP);
  for (const [i, name] of columns.entries()) {
    drawText(sheet, shortenText(name, CELL), { x: left(i), y: GAP, color: TEXT_COLOR });
  }
  for (const [i, { label, cells }] of rows.entries()) {
    const top = GAP + LINE + i * ROW;
    for (const [line, text] of wrapText(label, LABEL_WIDTH - GAP).entries()) {
      drawText(sheet, text, { x: GAP, y: top + line * LINE, color: TEXT_COLOR });
    }
    for (const [column, cell] of cells.entries()) {
      if (cell) drawCell(sheet, cell, left(column), top);
    }
  }
  return sheet;
}

/** Enlarges a picture by whole pixels, or reduces a larger image. */
function fitted(picture: Image): Image {
  const longest = Math.max(picture.height, picture.width);
  if (longest <= CELL) return enlargeNearest(picture, enlargementFactor(picture, CELL));
  const size = {
    height: Math.round(picture.height * CELL / longest),
    width: Math.round(picture.width * CELL / longest),
  };
  return resizeImage(picture, size, { filter: "area", fit: "stretch" });
}

function drawCell(sheet: Image, { picture, caption }: SheetCell, x: number, y: number): void {
  const large = fitted(picture);
  const [height, width] = [Math.min(CELL, large.height), Math.min(CELL, large.width)];
  for (let row = 0; row < height; row++) {
    const from = row * large.width * 4;
    sheet.data.set(
      large.data.subarray(from, from + width * 4),
      ((y + row) * sheet.width + x) * 4,
    );
  }
  if (!caption) return;
  const color = caption.isGood === undefined ? PLAIN : caption.isGood ? GOOD : POOR;
  drawText(sheet, shortenText(caption.text, CELL), { x, y: y + CELL + 3, color });
}
