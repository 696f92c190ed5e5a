import {
  drawText,
  fillRectangle,
  shortenText,
  TEXT_HEIGHT,
  textWidth,
} from "../image/draw_text.ts";
import { Image, type Rgb } from "../image/image.ts";
import type { Palette } from "./palette.ts";
import { colorCount } from "./swatches.ts";

/** A palette of a sheet. */
export interface SheetEntry {
  /** The palette. */
  readonly palette: Palette;
  /** A line below its name, such as its author. */
  readonly note?: string;
  /** Warnings, one sentence each. Default: none. */
  readonly warnings?: readonly string[];
  /** Indices of its colors in display order. Default: the order of the palette. */
  readonly order?: readonly number[];
}

const BACKGROUND: Rgb = [38, 40, 48];
const OUTLINE: Rgb = [88, 92, 104];
const NAME_COLOR: Rgb = [242, 243, 246];
const NOTE_COLOR: Rgb = [158, 163, 176];
const WARNING_COLOR: Rgb = [255, 193, 77];

// All in pixels.
const MARGIN = 20;
const SHEET_WIDTH = 16 * 44 + 2 * MARGIN - 4;
const INNER_WIDTH = SHEET_WIDTH - 2 * MARGIN;
const NAME_SCALE = 2;
const LINE_GAP = 5;
const ENTRY_GAP = 22;

const MAX_WARNINGS = 3;

/** Layout of the swatches of a palette, in pixels. */
interface Grid {
  readonly width: number;
  readonly height: number;
  readonly gap: number;
  /** Whether each color has its digits below it. */
  readonly isLabeled: boolean;
}

/** Draws palettes below each other: name, number of colors, note, warnings and swatches. */
export function paletteSheet(entries: readonly SheetEntry[]): Image {
  const heights = entries.map(entryHeight);
  const height = heights.reduce((sum, value) => sum + value + ENTRY_GAP, 2 * MARGIN - ENTRY_GAP);
  const image = Image.filled(
    { height: Math.max(height, 2 * MARGIN), width: SHEET_WIDTH },
    BACKGROUND,
  );
  let y = MARGIN;
  for (const [i, entry] of entries.entries()) {
    drawEntry(image, entry, y);
    y += heights[i]! + ENTRY_GAP;
  }
  return image;
}

function drawEntry(image: Image, entry: SheetEntry, top: number): void {
  const { palette } = entry;
  const count = colorCount(palette.size);
  const nameWidth = INNER_WIDTH / NAME_SCALE - textWidth(count) - 10;
  const name = shortenText(palette.name, nameWidth);
  drawText(image, name, { x: MARGIN, y: top, color: NAME_COLOR, scale: NAME_SCALE });
  // On the baseline of the name, which is 7 dots below its top.
  drawText(image, count, {
    x: MARGIN + textWidth(name) * NAME_SCALE + 12,
    y: top + 7 * (NAME_SCALE - 1),
    color: NOTE_COLOR,
  });
  let y = top + TEXT_HEIGHT * NAME_SCALE + LINE_GAP;
  for (const { text, color } of smallLines(entry)) {
    drawText(image, shortenText(text, INNER_WIDTH), { x: MARGIN, y, color });
    y += TEXT_HEIGHT + LINE_GAP;
  }
  drawSwatches(image, entry, y + 1);
}

function drawSwatches(image: Image, { palette, order }: SheetEntry, top: number): void {
  const grid = gridOf(palette);
  const perRow = colorsPerRow(grid);
  for (let i = 0; i < palette.size; i++) {
    const index = order?.[i] ?? i;
    const x = MARGIN + (i % perRow) * (grid.width + grid.gap);
    const y = top + Math.floor(i / perRow) * rowHeight(grid);
    const area = { x, y, width: grid.width, height: grid.height };
    // The outline shows colors that equal the background.
    if (grid.gap > 0) {
      fillRectangle(image, area, OUTLINE);
      fillRectangle(image, {
        x: x + 1,
        y: y + 1,
        width: grid.width - 2,
        height: grid.height - 2,
      }, palette.at(index));
    } else {
      fillRectangle(image, area, palette.at(index));
    }
    if (!grid.isLabeled) continue;
    const hex = palette.hexAt(index);
    const left = x + ((grid.width - textWidth(hex)) >> 1);
    drawText(image, hex, { x: left, y: y + grid.height + 3, color: NOTE_COLOR });
  }
}

function gridOf(palette: Palette): Grid {
  if (palette.size <= 64) return { width: 40, height: 28, gap: 4, isLabeled: true };
  if (palette.size <= 256) return { width: 18, height: 14, gap: 4, isLabeled: false };
  return { width: 10, height: 10, gap: 0, isLabeled: false };
}

function colorsPerRow(grid: Grid): number {
  return Math.floor((INNER_WIDTH + grid.gap) / (grid.width + grid.gap));
}

function rowHeight(grid: Grid): number {
  return grid.height + grid.gap + (grid.isLabeled ? TEXT_HEIGHT + 3 : 0);
}

function smallLines({ note, warnings = [] }: SheetEntry): { text: string; color: Rgb }[] {
  const notes = note === undefined ? [] : [{ text: note, color: NOTE_COLOR }];
  return [
    ...notes,
    ...warnings.slice(0, MAX_WARNINGS).map((text) => ({ text, color: WARNING_COLOR })),
  ];
}

function entryHeight(entry: SheetEntry): number {
  const grid = gridOf(entry.palette);
  const rows = Math.ceil(entry.palette.size / colorsPerRow(grid));
  const text = TEXT_HEIGHT * NAME_SCALE + LINE_GAP +
    smallLines(entry).length * (TEXT_HEIGHT + LINE_GAP);
  return text + 1 + rows * rowHeight(grid) - grid.gap;
}
