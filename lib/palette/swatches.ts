import { ANSI_RESET, ansiColor, type ColorDepth } from "../image/ansi_color.ts";
import type { Palette } from "./palette.ts";

/** Options of {@linkcode swatchLines}. */
export interface SwatchOptions {
  /** Color depth of the terminal; with "none", colors are written as digits. */
  readonly depth: ColorDepth;
  /** Columns of the terminal. Default: 80. */
  readonly columns?: number;
  /** Indices of the colors in display order. Default: the order of the palette. */
  readonly order?: readonly number[];
}

const INDENT = "  ";

/**
 * Shows a palette as text: its name and number of colors, then one block per color.
 *
 * @returns Lines without line ends.
 */
export function swatchLines(palette: Palette, options: SwatchOptions): string[] {
  const { depth, columns = 80, order } = options;
  const lines = [`${palette.name}  ${colorCount(palette.size)}`];
  // A block of two columns is about square; with many colors, each has one column.
  const cell = depth === "none" ? 7 : palette.size > 100 ? 1 : 2;
  const perLine = Math.max(1, Math.floor((columns - INDENT.length) / cell));
  for (let start = 0; start < palette.size; start += perLine) {
    let line = INDENT;
    for (let i = start; i < Math.min(palette.size, start + perLine); i++) {
      const index = order?.[i] ?? i;
      line += depth === "none"
        ? `${palette.hexAt(index)} `
        : ansiColor(palette.at(index), "background", depth) + " ".repeat(cell);
    }
    lines.push(depth === "none" ? line.trimEnd() : line + ANSI_RESET);
  }
  return lines;
}

/** Returns "1 color" or "16 colors". */
export function colorCount(size: number): string {
  return size === 1 ? "1 color" : `${size} colors`;
}
