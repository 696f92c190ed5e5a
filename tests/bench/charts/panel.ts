import type { Box } from "./place_labels.ts";
import type { Range, Scale } from "./scale.ts";
import { element, INK, textElement } from "./svg.ts";
import { textWidth } from "./text_width.ts";

/** An axis of a panel. */
export interface Axis {
  readonly scale: Scale;
  /** Quantity and unit. */
  readonly title: string;
}

// All in pixels.
const LEFT = 62;
const TOP = 26;
const BOTTOM = 44;
const RIGHT = 10;
const TICK_GAP = 8;

/** Returns the plot area of a panel: its box without title and axes. */
export function plotArea({ x, y, width, height }: Box): Box {
  return {
    x: x + LEFT,
    y: y + TOP,
    width: width - LEFT - RIGHT,
    height: height - TOP - BOTTOM,
  };
}

/** Returns the ranges of the axes of a plot in pixels. Values grow to the right and upward. */
export function axisRanges({ x, y, width, height }: Box): { readonly x: Range; readonly y: Range } {
  return { x: [x, x + width], y: [y + height, y] };
}

/** Draws a panel: title, grid, axes and content. */
export function drawPanel(
  { title, x, y }: { readonly title: string; readonly x: Axis; readonly y: Axis },
  plot: Box,
  content: readonly string[],
): string {
  const [right, bottom] = [plot.x + plot.width, plot.y + plot.height];
  const middle = { x: plot.x + plot.width / 2, y: plot.y + plot.height / 2 };
  const rows = y.scale.ticks.map((value) => y.scale.position(value));
  const turned = plot.x - LEFT + 14;
  return element("g", {}, [
    textElement(title, { x: plot.x, y: plot.y - 11, "font-size": 13, "font-weight": 600 }),
    ...rows.map((at) => line([plot.x, at], [right, at], INK.grid)),
    ...y.scale.ticks.map((value, i) =>
      tickText(value, { x: plot.x - 7, y: rows[i]! + 4, "text-anchor": "end" })
    ),
    ...spacedTicks(x.scale).flatMap((value) => {
      const at = x.scale.position(value);
      return [
        line([at, bottom], [at, bottom + 4], INK.muted),
        tickText(value, { x: at, y: bottom + 18, "text-anchor": "middle" }),
      ];
    }),
    line([plot.x, bottom], [right, bottom], INK.muted),
    axisTitle(x.title, { x: middle.x, y: bottom + 38 }),
    axisTitle(y.title, {
      x: turned,
      y: middle.y,
      transform: `rotate(-90 ${turned} ${Math.round(middle.y)})`,
    }),
    ...content,
  ]);
}

/** Omits ticks whose text would touch the previous one. */
export function spacedTicks({ ticks, position }: Scale): number[] {
  let end = -Infinity;
  return ticks.filter((value) => {
    const half = textWidth(numberText(value), 12) / 2;
    if (position(value) - half < end + TICK_GAP) return false;
    end = position(value) + half;
    return true;
  });
}

/** Formats a measured number with three significant digits, or as an integer. */
export function measuredText(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

/** Formats a round number with at most three significant digits, or as an integer. */
export function numberText(value: number): string {
  return String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
}

function tickText(
  value: number,
  attributes: { readonly x: number; readonly y: number; readonly "text-anchor": string },
): string {
  return textElement(numberText(value), { ...attributes, fill: INK.muted });
}

function axisTitle(
  text: string,
  attributes: { readonly x: number; readonly y: number; readonly transform?: string },
): string {
  return textElement(text, { ...attributes, fill: INK.muted, "text-anchor": "middle" });
}

/** Draws a line. */
export function line(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  stroke: string,
): string {
  return element("line", { x1, y1, x2, y2, stroke });
}
