import type { JournalEntry } from "./journal.ts";
import type { Job } from "./recipe.ts";
import type { Scores } from "./score_picture.ts";
import { estimate, estimateText } from "./statistics/estimate.ts";

/** A picture with its cost and its scores. */
export interface Result {
  /** Its job. */
  readonly job: Job;
  /** Its entry, with the cost. */
  readonly made: JournalEntry;
  /** Its scores. */
  readonly scores: Scores;
}

interface Column {
  readonly title: string;
  readonly digits: number;
  readonly value: (result: Result) => number | undefined;
  /** What the cell shows. Default: the mean over prompts with its standard error. */
  readonly shows?: "mean" | "median";
}

const MEGABYTE = 1e6;

const COLUMNS: readonly Column[] = [
  { title: "teacher calls", digits: 0, value: ({ made }) => made.teacherCalls, shows: "mean" },
  { title: "seconds", digits: 1, value: ({ made }) => made.seconds, shows: "mean" },
  { title: "peak MB", digits: 0, value: ({ made }) => made.peakBytes / MEGABYTE, shows: "mean" },
  { title: "top-1", digits: 2, value: ({ scores }) => scores.top1 },
  { title: "top-5", digits: 2, value: ({ scores }) => scores.top5 },
  { title: "median rank", digits: 0, value: ({ scores }) => scores.rank, shows: "median" },
  { title: "p", digits: 3, value: ({ scores }) => scores.probability },
  { title: "orphans", digits: 3, value: ({ scores }) => scores.orphans },
  { title: "background", digits: 3, value: ({ scores }) => scores.background },
  { title: "colors", digits: 1, value: ({ scores }) => scores.colors },
  { title: "distance", digits: 3, value: ({ scores }) => scores.distance },
  { title: "edges", digits: 2, value: ({ scores }) => scores.edges },
];

/**
 * Writes results as Markdown: a table for each set of prompts, a row for each recipe, size and
 * palette, in the order of the results. Columns without values are omitted. Means of scores are
 * over prompts, with their standard error.
 */
export function resultsTables(results: readonly Result[]): string {
  const sets = Map.groupBy(results, ({ job }) => job.set);
  return [...sets].map(([set, all]) => `## ${set}\n\n${table(all)}`).join("\n");
}

function table(results: readonly Result[]): string {
  const groups = Map.groupBy(results, rowName);
  const columns = COLUMNS.filter(({ value }) =>
    results.some((result) => value(result) !== undefined)
  );
  const titles = ["recipe", "size", "palette", "pictures", ...columns.map(({ title }) => title)];
  const rows = [...groups.values()].map((group) => {
    const { recipe, size, palette } = group[0]!.job;
    const cells = columns.map((column) => cellOf(group, column));
    return [recipe.name, String(size), palette, String(group.length), ...cells];
  });
  return markdownTable(titles, rows, { texts: [0, 2] });
}

function cellOf(group: readonly Result[], { value, digits, shows }: Column): string {
  if (shows === "mean") return mean(group.map(value))?.toFixed(digits) ?? "";
  if (shows === "median") return median(group.map(value))?.toFixed(digits) ?? "";
  const values = group.flatMap((result) => {
    const known = value(result);
    return known === undefined ? [] : [{ cluster: result.job.prompt.id, value: known }];
  });
  const cell = estimate(values);
  return cell ? estimateText(cell, digits) : "";
}

function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)];
}

function rowName({ job: { recipe, size, palette } }: Result): string {
  return `${size} ${palette} ${recipe.name}`;
}

/** Mean of the known values; undefined if there are none. */
export function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return undefined;
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

/**
 * Writes a table as Markdown.
 *
 * @param options.texts Indices of left-aligned columns. The others are right-aligned.
 */
export function markdownTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  options: { readonly texts: readonly number[] },
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const rules = titles.map((_, i) => options.texts.includes(i) ? ":---" : "---:");
  return line(titles) + line(rules) + rows.map(line).join("");
}
