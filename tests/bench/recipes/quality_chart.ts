import { drawFigure } from "../charts/figure.ts";
import { nameMarks } from "../charts/name_marks.ts";
import { axisRanges, drawPanel, measuredText, plotArea } from "../charts/panel.ts";
import type { Box } from "../charts/place_labels.ts";
import { linearScale, logScale } from "../charts/scale.ts";
import { element, hint, INK } from "../charts/svg.ts";
import { mean, type Result } from "./results_table.ts";

interface Quality {
  readonly title: string;
  readonly axis: string;
  readonly value: (result: Result) => number | undefined;
}

/** Qualities on the vertical axis. */
const QUALITIES: readonly Quality[] = [
  {
    title: "Probability of the right caption, by the judge (higher is better)",
    axis: "mean probability",
    value: ({ scores }) => scores.probability,
  },
  {
    title: "Orphan pixels, all neighbors in other colors (lower is better)",
    axis: "% of inner pixels",
    value: ({ scores }) => 100 * scores.orphans,
  },
];

/** A recipe in a panel. */
interface Mark {
  readonly name: string;
  readonly teacherCalls: number;
  readonly value: number;
  readonly pictures: number;
}

// In pixels.
const RADIUS = 4.5;
const LABEL_SIZE = 12;
const PANEL_HEIGHT = 300;

/**
 * Draws the quality of recipes against teacher calls, as SVG: for each set of prompts one panel for
 * the judge, if it scored them, and one for orphan pixels. Marks are means over pictures.
 *
 * @param source Source of the numbers, for the footer.
 */
export function qualityChart(results: readonly Result[], source: string): string {
  const sets = [...Map.groupBy(results, ({ job }) => job.set)];
  const panels = sets.flatMap(([set, some]) =>
    QUALITIES.flatMap((quality) => {
      const marks = marksOf(some, quality);
      const title = sets.length > 1 ? `${set}: ${quality.title}` : quality.title;
      return marks.length > 0 ? [[(box: Box) => panel(marks, { ...quality, title }, box)]] : [];
    })
  );
  const texts = {
    title: "Quality against teacher calls",
    subtitle: describe(results),
    footer: source,
  };
  return drawFigure(texts, panels, { rowHeight: PANEL_HEIGHT });
}

function describe(results: readonly Result[]): string {
  const listOf = (pick: (result: Result) => string | number) =>
    [...new Set(results.map(pick))].join(", ");
  const counts = [...Map.groupBy(results, ({ job }) => job.recipe.name).values()]
    .map(({ length }) => length);
  const [min, max] = [Math.min(...counts), Math.max(...counts)];
  const pictures = min === max ? String(min) : `${min} to ${max}`;
  return `Means over ${pictures} ${max === 1 ? "picture" : "pictures"} a recipe: ` +
    `prompts of ${listOf(({ job }) => job.set)}; ` +
    `${listOf(({ job: { size } }) => `${size}x${size}`)} pixels; ` +
    `colors of ${listOf(({ job }) => job.palette)}`;
}

function marksOf(results: readonly Result[], { value }: Quality): Mark[] {
  const recipes = Map.groupBy(results, ({ job }) => job.recipe.name);
  return [...recipes].flatMap(([name, all]) => {
    const known = all.filter((result) => value(result) !== undefined);
    const average = mean(known.map(value));
    const teacherCalls = mean(known.map(({ made }) => made.teacherCalls));
    if (average === undefined || teacherCalls === undefined) return [];
    return [{ name, teacherCalls, value: average, pictures: known.length }];
  });
}

function panel(marks: readonly Mark[], { title, axis }: Quality, box: Box): string {
  const plot = plotArea(box);
  const ranges = axisRanges(plot);
  const x = logScale(marks.map(({ teacherCalls }) => teacherCalls), ranges.x);
  const y = linearScale(marks.map(({ value }) => value), ranges.y);
  const points = marks.map((mark) => ({
    ...mark,
    x: x.position(mark.teacherCalls),
    y: y.position(mark.value),
  }));
  const area = { ...plot, y: plot.y - 4 };
  return drawPanel(
    {
      title,
      x: { scale: x, title: "teacher calls (images that its UNet denoised), log scale" },
      y: { scale: y, title: axis },
    },
    plot,
    [
      ...points.map(({ x: cx, y: cy, ...mark }) =>
        element("circle", { cx, cy, r: RADIUS, fill: INK.first, "fill-opacity": "0.85" }, [
          hint(describeMark(mark)),
        ])
      ),
      ...nameMarks(points, { area, fontSize: LABEL_SIZE, radius: RADIUS }),
    ],
  );
}

function describeMark({ name, teacherCalls, value, pictures }: Mark): string {
  return `${name}: ${measuredText(value)} at ${measuredText(teacherCalls)} teacher calls, ` +
    `mean of ${pictures}`;
}
