import { markdownTable, type Result } from "./results_table.ts";
import { type Estimate, estimate, estimateText } from "./statistics/estimate.ts";
import { comparePairs, type Comparison, type Pair } from "./statistics/paired_comparison.ts";

/** Recipe with which all others are compared. */
const BASE = "nearest";

/**
 * Writes the paired comparisons of recipes as Markdown: of each recipe with `nearest`, and with its
 * own start. A pair is two pictures of the same prompt, seed, size and palette.
 *
 * @returns "" if nothing can be compared.
 */
export function comparisonTables(results: readonly Result[]): string {
  const sets = Map.groupBy(results, ({ job }) => job.set);
  return [...sets].map(([set, all]) => {
    const rows = [...Map.groupBy(all, formatOf)].flatMap(([format, some]) => rowsOf(format, some));
    return rows.length > 0 ? `## ${set}, by pairs\n\n${table(rows)}` : "";
  }).filter((text) => text !== "").join("\n");
}

type Row = readonly string[];

function table(rows: readonly Row[]): string {
  const titles = ["recipe", "against", "size", "palette", "pairs", "preferred", "p, difference"];
  const last = ["sign test", "orphans, difference"];
  return markdownTable([...titles, ...last], rows, { texts: [0, 1, 3] });
}

/** Compares the recipes of one size and palette. */
function rowsOf(format: string, results: readonly Result[]): Row[] {
  const recipes = Map.groupBy(results, ({ job }) => job.recipe.name);
  const [size = "", palette = ""] = format.split(" ");
  return [...recipes].flatMap(([name, own]) => {
    const others = new Set([own[0]!.job.recipe.start, BASE].filter((other) => other !== name));
    return [...others].flatMap((other) => {
      const pairs = pairsOf(own, recipes.get(other ?? "") ?? []);
      const compared = comparePairs(pairs);
      if (!compared) return [];
      const orphans = estimate(pairs.map(({ cluster, orphans }) => ({ cluster, value: orphans })));
      return [[name, other!, size, palette, ...cells(compared), signed(orphans!, 3)]];
    });
  });
}

function cells({ pairs, preferred, difference, signTest }: Comparison): string[] {
  return [
    String(pairs),
    estimateText(preferred, 2),
    signed(difference, 3),
    signTest < 0.001 ? "< 0.001" : signTest.toFixed(3),
  ];
}

function signed(value: Estimate, digits: number): string {
  return `${value.mean >= 0 ? "+" : ""}${estimateText(value, digits)}`;
}

/** A pair with the difference of its shares of orphan pixels, first minus second. */
interface ScoredPair extends Pair {
  readonly orphans: number;
}

function pairsOf(own: readonly Result[], others: readonly Result[]): ScoredPair[] {
  const known = new Map(others.map((result) => [pairKey(result), result.scores]));
  return own.flatMap(({ job, made, scores }): ScoredPair[] => {
    const other = known.get(pairKey({ job, made, scores }));
    const [first, second] = [scores.probability, other?.probability];
    if (first === undefined || second === undefined) return [];
    return [{ cluster: job.prompt.id, first, second, orphans: scores.orphans - other!.orphans }];
  });
}

function formatOf({ job: { size, palette } }: Result): string {
  return `${size} ${palette}`;
}

function pairKey({ job: { prompt, seed } }: Result): string {
  return `${prompt.id} ${seed}`;
}
