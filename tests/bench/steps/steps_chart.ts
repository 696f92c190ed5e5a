import { drawFigure } from "../charts/figure.ts";
import { nameMarks } from "../charts/name_marks.ts";
import { axisRanges, drawPanel, measuredText, plotArea } from "../charts/panel.ts";
import type { Box } from "../charts/place_labels.ts";
import { linearScale, logScale, type Scale } from "../charts/scale.ts";
import { element, hint, INK, SEAM, textElement } from "../charts/svg.ts";
import type { StepCase, StepTimes } from "./measure_steps.ts";

/** What cost is set against. */
type Side = keyof StepCase;

/** Cases that differ in one side only, in its order. */
interface Series {
  /** What they have in common: the value of the other side. */
  readonly value: number;
  readonly times: readonly StepTimes[];
}

/** Cases against one side. */
interface Column {
  readonly side: Side;
  readonly series: readonly Series[];
}

const SIDES: Readonly<Record<Side, { readonly axis: string; readonly name: string }>> = {
  size: { axis: "side of the picture in pixels, log scale", name: "pixels" },
  colors: { axis: "colors of the palette, log scale", name: "colors" },
};

const NETWORKS = INK.first;
const KERNELS = INK.second;

// In pixels.
const PANEL_HEIGHT = 270;
const WIDEST_BAR = 44;
/** Bars that are narrower have no room for a number. */
const LABELED_BAR = 28;
/** Share of the room between values that bars take. */
const SLOT_SHARE = 0.8;
/** How much higher the axis is than bars, for the numbers on them. */
const HEADROOM = 1.08;
const RADIUS = 4;
const LABEL_SIZE = 11;
const TEXT = { "font-size": LABEL_SIZE, ...SEAM };
/** Longer lists of series are told by their ends. */
const LISTED = 4;

/**
 * Draws what a step costs against size and number of colors, as SVG: its seconds by the clock, those
 * of the networks and of the kernels, and the memory of tensors.
 *
 * @param source What numbers depend on, in words.
 */
export function stepsChart(times: readonly StepTimes[], source: string): string {
  const all = (["size", "colors"] as const).map((side) => columnOf(times, side));
  const varied = all.filter(({ series }) => series.some((one) => one.times.length > 1));
  const columns = varied.length > 0 ? varied : all.slice(0, 1);
  const texts = {
    title: "Cost of a step against size and number of colors",
    subtitle: "Above: seconds by the clock, written on bars. Below: what our tensors hold on the " +
      "GPU between two steps",
    footer: source,
    legend: [
      { color: NETWORKS, text: "networks of the teacher" },
      { color: KERNELS, text: "our kernels" },
    ],
  };
  const most = times.map(({ wall }) => wall.step);
  return drawFigure(texts, [
    columns.map((column) => (box: Box) => secondsPanel(column, most, box)),
    columns.map((column) => (box: Box) => memoryPanel(column, times, box)),
  ], { rowHeight: PANEL_HEIGHT });
}

/** Takes the longest series of cases that differ in a side only. */
function columnOf(times: readonly StepTimes[], side: Side): Column {
  const other = otherSide(side);
  const groups = [...Map.groupBy(times, (row) => row[other])].sort(([a], [b]) => a - b);
  const longest = Math.max(...groups.map(([, { length }]) => length));
  const series = groups.filter(([, { length }]) => length === longest).map(([value, rows]) => ({
    value,
    times: rows.toSorted((a, b) => a[side] - b[side]),
  }));
  return { side, series };
}

function otherSide(side: Side): Side {
  return side === "size" ? "colors" : "size";
}

/** Tells what the series of a column have in common, or what sets them apart. */
function describe({ side, series }: Column, what: string): string {
  const values = series.map(({ value }) => value);
  const unit = SIDES[otherSide(side)].name;
  if (values.length === 1) {
    return side === "size" ? ` in ${values} ${unit}` : ` of ${values}x${values} ${unit}`;
  }
  const list = values.length <= LISTED ? values.join(", ") : `${values[0]} to ${values.at(-1)}`;
  return `, ${what}: ${list} ${unit}`;
}

function secondsPanel({ side, series }: Column, most: readonly number[], box: Box): string {
  const plot = plotArea(box);
  const ranges = axisRanges(plot);
  const { scale: x, gap } = sideScale({ side, series }, ranges.x);
  const y = linearScale(most.map((seconds) => HEADROOM * seconds), ranges.y);
  const slot = Math.min(WIDEST_BAR * series.length, gap * SLOT_SHARE);
  const width = slot / series.length;
  const bars = series.flatMap(({ times }, i) =>
    times.map((row) => {
      const left = x.position(row[side]) - slot / 2 + i * width;
      return bar(row, { left, width: width * 0.92, y, isLabeled: width >= LABELED_BAR });
    })
  );
  return drawPanel(
    {
      title: `Time${describe({ side, series }, "bars of a group")}`,
      x: { scale: x, title: SIDES[side].axis },
      y: { scale: y, title: "seconds a step" },
    },
    plot,
    bars,
  );
}

/** Draws the networks' part of a step and, on it, that of the kernels. */
function bar(
  { size, colors, wall }: StepTimes,
  { left, width, y, isLabeled }: {
    readonly left: number;
    readonly width: number;
    readonly y: Scale;
    readonly isLabeled: boolean;
  },
): string {
  // The least times of parts may be of different steps; the bar is as high as the step took.
  const [bottom, middle, top] = [0, wall.step - wall.kernels, wall.step]
    .map((seconds) => y.position(seconds)) as [number, number, number];
  const part = (from: number, to: number, fill: string) =>
    element("rect", { x: left, y: to, width, height: Math.max(0, from - to), fill });
  const text = measuredText(wall.step);
  const label = { x: left + width / 2, y: top - 5, "text-anchor": "middle" };
  return element("g", {}, [
    hint(
      `${size}x${size} pixels, ${colors} colors: ${text} s a step, of which kernels ` +
        `${measuredText(wall.kernels)} s; ${measuredText(1 / wall.step)} steps a second`,
    ),
    part(bottom, middle, NETWORKS),
    part(middle, top, KERNELS),
    ...(isLabeled ? [textElement(text, { ...label, "font-size": LABEL_SIZE })] : []),
  ]);
}

function memoryPanel({ side, series }: Column, times: readonly StepTimes[], box: Box): string {
  const plot = plotArea(box);
  const ranges = axisRanges(plot);
  const { scale: x } = sideScale({ side, series }, ranges.x);
  const y = logScale(times.map(megabytes), ranges.y);
  const lines = series.map(({ value, times: rows }) => ({
    name: String(value),
    points: rows.map((row) => ({
      ...{ x: x.position(row[side]), y: y.position(megabytes(row)) },
      name: measuredText(megabytes(row)),
    })),
  }));
  // Of several lines only the ends are named, by what they are.
  const ends = lines.length === 1
    ? []
    : lines.map(({ name, points }) => ({ ...points.at(-1)!, name }));
  const options = {
    // Names stand at the right of the ends.
    ...{ area: { ...plot, width: plot.width + 10 }, clearance: 0 },
    ...{ fontSize: LABEL_SIZE, radius: RADIUS },
  };
  return drawPanel(
    {
      title: `Memory${describe({ side, series }, "lines")}`,
      x: { scale: x, title: SIDES[side].axis },
      y: { scale: y, title: "tensors in MB, log scale" },
    },
    plot,
    [
      ...lines.map(({ points }) =>
        element("polyline", {
          ...{ points: points.map((at) => `${at.x.toFixed(2)},${at.y.toFixed(2)}`).join(" ") },
          ...{ fill: "none", stroke: NETWORKS, "stroke-width": 2 },
        })
      ),
      ...lines.flatMap(({ name, points }) =>
        points.map((at) =>
          element("circle", { cx: at.x, cy: at.y, r: RADIUS, fill: NETWORKS }, [
            hint(`${name} ${SIDES[otherSide(side)].name}: ${at.name} MB`),
          ])
        )
      ),
      ...(lines.length === 1 ? lines[0]!.points : []).map(({ x, y, name }, i) =>
        // A line that rises leaves room at the upper left; the first has the axis there.
        textElement(name, {
          x: x + 4,
          y: y - 8,
          "text-anchor": i === 0 ? "middle" : "end",
          ...TEXT,
        })
      ),
      ...nameMarks(ends, options),
    ],
  );
}

function sideScale(
  { side, series }: Column,
  range: readonly [number, number],
): { readonly scale: Scale; readonly gap: number } {
  const values = [...new Set(series.flatMap(({ times }) => times.map((row) => row[side])))]
    .sort((a, b) => a - b);
  const scale = logScale(values, range, { ticks: values, margin: marginOf(values.length) });
  const positions = values.map((value) => scale.position(value));
  const gaps = positions.slice(1).map((position, i) => position - positions[i]!);
  return { scale, gap: Math.min(range[1] - range[0], ...gaps) };
}

/** Returns a share of an axis that has room for half the bars of a value out of so many. */
function marginOf(count: number): number {
  return Math.max(0.08, SLOT_SHARE / 2 / (count - 1 + SLOT_SHARE));
}

function megabytes({ tensorBytes }: StepTimes): number {
  return tensorBytes / 1e6;
}
