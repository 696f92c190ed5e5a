import { markdownTable, type Result } from "./results_table.ts";
import { estimateText } from "./statistics/estimate.ts";
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
  return markdownTable([...titles, "sign test"], rows, { texts: [0, 1, 3] });
}

/** Compares the recipes of one size and palette. */
function rowsOf(format: string, results: readonly Result[]): Row[] {
  const recipes = Map.groupBy(results, ({ job }) => job.recipe.name);
  const [size = "", palette = ""] = format.split(" ");
  return [...recipes].flatMap(([name, own]) => {
    const others = new Set([own[0]!.job.recipe.start, BASE].filter((other) => other !== name));
    return [...others].flatMap((other) => {
      const compared = comparePairs(pairsOf(own, recipes.get(other ?? "") ?? []));
      return compared ? [[name, other!, size, palette, ...cells(compared)]] : [];
    });
  });
}

function cells({ pairs, preferred, difference, signTest }: Comparison): string[] {
  const sign = difference.mean >= 0 ? "+" : "";
  return [
    String(pairs),
    estimateText(preferred, 2),
    `${sign}${estimateText(difference, 3)}`,
    signTest < 0.001 ? "< 0.001" : signTest.toFixed(3),
  ];
}

function pairsOf(own: readonly Result[], others: readonly Result[]): Pair[] {
  const known = new Map(others.map((result) => [pairKey(result), result.scores.probability]));
  return own.flatMap((result): Pair[] => {
    const [first, second] = [result.scores.probability, known.get(pairKey(result))];
    if (first === undefined || second === undefined) return [];
    return [{ cluster: result.job.prompt.id, first, second }];
  });
}

function formatOf({ job: { size, palette } }: Result): string {
  return `${size} ${palette}`;
}

function pairKey({ job: { prompt, seed } }: Result): string {
  return `${prompt.id} ${seed}`;
}
