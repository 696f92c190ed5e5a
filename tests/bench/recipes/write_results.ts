import { encodePng } from "../../../lib/image/encode_png.ts";
import type { Image } from "../../../lib/image/image.ts";
import { writeFile } from "../../../lib/files/write_file.ts";
import { comparisonTables } from "./comparison_table.ts";
import { contactSheet, type SheetCell, type SheetRow } from "./contact_sheet.ts";
import { PictureFiles, readInput } from "./picture_files.ts";
import { qualityChart } from "./quality_chart.ts";
import { type Result, resultsTables } from "./results_table.ts";

/**
 * Writes `results.md`, `quality.svg`, `metrics.jsonl` and a contact sheet for each set, size,
 * palette and seed.
 *
 * @param options.heading Text above the tables, as Markdown.
 * @param options.source Source of the numbers, for the footer of the chart.
 * @returns The tables, as Markdown.
 */
export async function writeResults(
  results: readonly Result[],
  options: { readonly output: string; readonly heading: string; readonly source: string },
): Promise<string> {
  const { output, heading, source } = options;
  const lines = results.map((result) => `${JSON.stringify(flat(result))}\n`);
  await writeFile(`${output}/metrics.jsonl`, lines.join(""));
  const pairs = comparisonTables(results);
  const tables = `${resultsTables(results)}${pairs && `\n${pairs}`}`;
  await writeFile(`${output}/results.md`, `${heading}\n${tables}`);
  await writeFile(`${output}/quality.svg`, qualityChart(results, source));
  const pictures = new PictureFiles(output);
  for (const [name, some] of Map.groupBy(results, sheetName)) {
    await writeFile(`${output}/${name}.png`, encodePng(await drawSheet(some, pictures)));
  }
  return tables;
}

/** Returns a result as one flat object. */
function flat({ job, made, scores }: Result): Record<string, unknown> {
  const { recipe, set, prompt, size, palette, seed } = job;
  return {
    recipe: recipe.name,
    set,
    prompt: prompt.prompt,
    size,
    palette,
    seed,
    ...made,
    ...scores,
  };
}

function sheetName({ job: { set, size, palette, seed } }: Result): string {
  return `sheet_${set}_${size}_${palette}_${seed}`;
}

async function drawSheet(results: readonly Result[], pictures: PictureFiles): Promise<Image> {
  const recipes = [...new Set(results.map(({ job }) => job.recipe.name))];
  const hasInput = results.some(({ job }) => job.prompt.image !== undefined);
  const rows: SheetRow[] = [];
  for (const some of Map.groupBy(results, ({ job }) => job.prompt.id).values()) {
    const { prompt } = some[0]!.job;
    const input = await readInput(prompt);
    const cells: (SheetCell | undefined)[] = hasInput ? [input && { picture: input }] : [];
    for (const recipe of recipes) {
      const result = some.find(({ job }) => job.recipe.name === recipe);
      cells.push(result && await cellOf(result, pictures));
    }
    rows.push({ label: prompt.prompt, cells });
  }
  if (recipes.length === 1 && !hasInput) return drawGrid(recipes[0]!, rows);
  return contactSheet([...(hasInput ? ["input"] : []), ...recipes], rows);
}

/** Pictures in a row of the grid of a single recipe. */
const GRID_COLUMNS = 8;

/** Draws the pictures of one recipe in a grid, each with its prompt. */
export function drawGrid(recipe: string, rows: readonly SheetRow[]): Image {
  const cells = rows.map(({ label, cells: [cell] }): SheetCell | undefined => {
    if (!cell) return undefined;
    const { text, isGood } = cell.caption ?? { text: "" };
    // A right guess is the prompt itself.
    return { ...cell, caption: { ...cell.caption, text: isGood ? text : `${label}: ${text}` } };
  });
  const lines = Array.from({ length: Math.ceil(cells.length / GRID_COLUMNS) }, (_, i) => ({
    label: i === 0 ? recipe : "",
    cells: cells.slice(i * GRID_COLUMNS, (i + 1) * GRID_COLUMNS),
  }));
  return contactSheet(
    Array.from({ length: Math.min(cells.length, GRID_COLUMNS) }, () => ""),
    lines,
  );
}

async function cellOf({ made, scores }: Result, pictures: PictureFiles): Promise<SheetCell> {
  const { guess, probability, top1 } = scores;
  const caption = guess === undefined
    ? { text: `${made.teacherCalls} teacher calls` }
    : { text: `${guess} ${probability!.toFixed(2)}`, isGood: top1 === 1 };
  return { picture: await pictures.read(made.key), caption };
}
