import { drawFigure } from "../charts/figure.ts";
import { nameMarks } from "../charts/name_marks.ts";
import { axisRanges, drawPanel, measuredText, plotArea } from "../charts/panel.ts";
import type { Box } from "../charts/place_labels.ts";
import { linearScale, logScale, type Scale } from "../charts/scale.ts";
import { element, hint, INK, SEAM, textElement } from "../charts/svg.ts";
import type { StepCase, StepTimes } from "./measure_steps.ts";

/** Variables of the horizontal axis. */
type Variable = keyof StepCase;

/** Cases that differ in one variable only, in ascending order. */
interface Series {
  /** Their common value of the other variable. */
  readonly value: number;
  readonly times: readonly StepTimes[];
}

/** Cases of one variable. */
interface Column {
  readonly variable: Variable;
  readonly series: readonly Series[];
}

const VARIABLES: Readonly<Record<Variable, { readonly axis: string; readonly name: string }>> = {
  size: { axis: "height and width in pixels, log scale", name: "pixels" },
  colors: { axis: "colors of the palette, log scale", name: "colors" },
};

const NETWORKS = INK.first;
const KERNELS = INK.second;

// In pixels.
const PANEL_HEIGHT = 270;
const WIDEST_BAR = 44;
/** Minimum width of a bar with a number. */
const LABELED_BAR = 28;
/** Width of the bars, as a share of the distance between values. */
const SLOT_SHARE = 0.8;
/** Height of the axis as a factor of that of the bars, for the numbers on them. */
const HEADROOM = 1.08;
const RADIUS = 4;
const LABEL_SIZE = 11;
const TEXT = { "font-size": LABEL_SIZE, ...SEAM };
/** Maximum length of a list. Longer ones are described by their ends. */
const LISTED = 4;

/**
 * Draws the cost of a step against size and number of colors, as SVG: wall-clock seconds of
 * networks and kernels, and the memory of tensors.
 *
 * @param source Source of the numbers, for the footer.
 */
export function stepsChart(times: readonly StepTimes[], source: string): string {
  const all = (["size", "colors"] as const).map((variable) => columnOf(times, variable));
  const varied = all.filter(({ series }) => series.some((one) => one.times.length > 1));
  const columns = varied.length > 0 ? varied : all.slice(0, 1);
  const texts = {
    title: "Cost of a step against size and number of colors",
    subtitle:
      "Above: wall-clock seconds, written on bars. Below: GPU memory of our tensors between two " +
      "steps",
    footer: source,
    legend: [
      { color: NETWORKS, text: "networks of the teacher" },
      { color: KERNELS, text: "our kernels" },
    ],
  };
  const steps = times.map(({ wall }) => wall.step);
  return drawFigure(texts, [
    columns.map((column) => (box: Box) => secondsPanel(column, steps, box)),
    columns.map((column) => (box: Box) => memoryPanel(column, times, box)),
  ], { rowHeight: PANEL_HEIGHT });
}

/** Selects the longest series of cases that differ in one variable only. */
function columnOf(times: readonly StepTimes[], variable: Variable): Column {
  const other = otherVariable(variable);
  const groups = [...Map.groupBy(times, (row) => row[other])].sort(([a], [b]) => a - b);
  const longest = Math.max(...groups.map(([, { length }]) => length));
  const series = groups.filter(([, { length }]) => length === longest).map(([value, rows]) => ({
    value,
    times: rows.toSorted((a, b) => a[variable] - b[variable]),
  }));
  return { variable, series };
}

function otherVariable(variable: Variable): Variable {
  return variable === "size" ? "colors" : "size";
}

/** Describes the common value of the series of a column, or their values. */
function describe({ variable, series }: Column, what: string): string {
  const values = series.map(({ value }) => value);
  const unit = VARIABLES[otherVariable(variable)].name;
  if (values.length === 1) {
    return variable === "size" ? ` in ${values} ${unit}` : ` of ${values}x${values} ${unit}`;
  }
  const list = values.length <= LISTED ? values.join(", ") : `${values[0]} to ${values.at(-1)}`;
  return `, ${what}: ${list} ${unit}`;
}

function secondsPanel({ variable, series }: Column, steps: readonly number[], box: Box): string {
  const plot = plotArea(box);
  const ranges = axisRanges(plot);
  const { scale: x, gap } = sideScale({ variable, series }, ranges.x);
  const y = linearScale(steps.map((seconds) => HEADROOM * seconds), ranges.y);
  const slot = Math.min(WIDEST_BAR * series.length, gap * SLOT_SHARE);
  const width = slot / series.length;
  const bars = series.flatMap(({ times }, i) =>
    times.map((row) => {
      const left = x.position(row[variable]) - slot / 2 + i * width;
      return bar(row, { left, width: width * 0.92, y, isLabeled: width >= LABELED_BAR });
    })
  );
  return drawPanel(
    {
      title: `Time${describe({ variable, series }, "bars of a group")}`,
      x: { scale: x, title: VARIABLES[variable].axis },
      y: { scale: y, title: "seconds per step" },
    },
    plot,
    bars,
  );
}

/** Draws the time of the networks and, on top, that of the kernels. */
function bar(
  { size, colors, wall }: StepTimes,
  { left, width, y, isLabeled }: {
    readonly left: number;
    readonly width: number;
    readonly y: Scale;
    readonly isLabeled: boolean;
  },
): string {
  // The minima of the parts may be of different steps. The bar has the height of the whole step.
  const [bottom, middle, top] = [0, wall.step - wall.kernels, wall.step]
    .map((seconds) => y.position(seconds)) as [number, number, number];
  const part = (from: number, to: number, fill: string) =>
    element("rect", { x: left, y: to, width, height: Math.max(0, from - to), fill });
  const text = measuredText(wall.step);
  const label = { x: left + width / 2, y: top - 5, "text-anchor": "middle" };
  return element("g", {}, [
    hint(
      `${size}x${size} pixels, ${colors} colors: ${text} s per step, of which kernels ` +
        `${measuredText(wall.kernels)} s; ${measuredText(1 / wall.step)} steps per second`,
    ),
    part(bottom, middle, NETWORKS),
    part(middle, top, KERNELS),
    ...(isLabeled ? [textElement(text, { ...label, "font-size": LABEL_SIZE })] : []),
  ]);
}

function memoryPanel({ variable, series }: Column, times: readonly StepTimes[], box: Box): string {
  const plot = plotArea(box);
  const ranges = axisRanges(plot);
  const { scale: x } = sideScale({ variable, series }, ranges.x);
  const y = logScale(times.map(megabytes), ranges.y);
  const lines = series.map(({ value, times: rows }) => ({
    name: String(value),
    points: rows.map((row) => ({
      x: x.position(row[variable]),
      y: y.position(megabytes(row)),
      name: measuredText(megabytes(row)),
    })),
  }));
  // Several lines are labeled at their ends only.
  const ends = lines.length === 1
    ? []
    : lines.map(({ name, points }) => ({ ...points.at(-1)!, name }));
  const options = {
    // Labels are right of the ends.
    area: { ...plot, width: plot.width + 10 },
    clearance: 0,
    fontSize: LABEL_SIZE,
    radius: RADIUS,
  };
  return drawPanel(
    {
      title: `Memory${describe({ variable, series }, "lines")}`,
      x: { scale: x, title: VARIABLES[variable].axis },
      y: { scale: y, title: "tensors in MB, log scale" },
    },
    plot,
    [
      ...lines.map(({ points }) =>
        element("polyline", {
          points: points.map((at) => `${at.x.toFixed(2)},${at.y.toFixed(2)}`).join(" "),
          fill: "none",
          stroke: NETWORKS,
          "stroke-width": 2,
        })
      ),
      ...lines.flatMap(({ name, points }) =>
        points.map((at) =>
          element("circle", { cx: at.x, cy: at.y, r: RADIUS, fill: NETWORKS }, [
            hint(`${name} ${VARIABLES[otherVariable(variable)].name}: ${at.name} MB`),
          ])
        )
      ),
      ...(lines.length === 1 ? lines[0]!.points : []).map(({ x, y, name }, i) =>
        // A rising line leaves room at the upper left; at the first point the axis is there.
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
  { variable, series }: Column,
  range: readonly [number, number],
): { readonly scale: Scale; readonly gap: number } {
  const values = [...new Set(series.flatMap(({ times }) => times.map((row) => row[variable])))]
    .sort((a, b) => a - b);
  const scale = logScale(values, range, { ticks: values, margin: marginOf(values.length) });
  const positions = values.map((value) => scale.position(value));
  const gaps = positions.slice(1).map((position, i) => position - positions[i]!);
  return { scale, gap: Math.min(range[1] - range[0], ...gaps) };
}

/** Returns the margin, as a share of the axis, for half of the bars of one of many values. */
function marginOf(count: number): number {
  return Math.max(0.08, SLOT_SHARE / 2 / (count - 1 + SLOT_SHARE));
}

function megabytes({ tensorBytes }: StepTimes): number {
  return tensorBytes / 1e6;
}
