import assert from "node:assert/strict";
import { decodePng } from "../../../lib/image/decode_png.ts";
import { Image } from "../../../lib/image/image.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { comparisonTables } from "./comparison_table.ts";
import { contactSheet } from "./contact_sheet.ts";
import type { JournalEntry } from "./journal.ts";
import { PictureFiles } from "./picture_files.ts";
import { PROMPT_SETS } from "./prompts.ts";
import { jobKey, RECIPES } from "./recipe.ts";
import { type Result, resultsTables } from "./results_table.ts";
import type { Scores } from "./score_picture.ts";
import { drawGrid, writeResults } from "./write_results.ts";

function resultOf(recipe: string, prompt: number, scores: Scores): Result {
  const job = {
    recipe: RECIPES.find(({ name }) => name === recipe)!,
    set: "names48",
    prompt: PROMPT_SETS.names48[prompt]!,
    size: 16,
    palette: "game-boy",
    seed: 0,
  } as const;
  const made: JournalEntry = {
    key: jobKey(job),
    fingerprint: "1",
    teacherCalls: 8 + prompt,
    seconds: 2,
    loadSeconds: 0,
    peakBytes: 7e8,
    runtime: "wasm",
    adapter: "a",
  };
  return { job, made, scores };
}

Deno.test("resultsTables() averages by recipe and omits empty columns", () => {
  const tables = resultsTables([
    resultOf("nearest", 0, { orphans: 0.1, colors: 3, probability: 0.5, rank: 3 }),
    resultOf("standard", 0, { orphans: 0.2, colors: 4 }),
    resultOf("nearest", 1, { orphans: 0.2, colors: 4 }),
  ]);
  assert.equal(
    tables,
    `## names48

| recipe | size | palette | pictures | teacher calls | seconds | peak MB | median rank | p | orphans | colors |
| :--- | ---: | :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| nearest | 16 | game-boy | 2 | 9 | 2.0 | 700 | 3 | 0.500 | 0.150 ± 0.050 | 3.5 ± 0.5 |
| standard | 16 | game-boy | 1 | 8 | 2.0 | 700 |  |  | 0.200 | 4.0 |
`,
  );
});

Deno.test("comparisonTables() compares a recipe with nearest and with its start", () => {
  const scored = (recipe: string, prompt: number, probability: number, orphans = 0.2) =>
    resultOf(recipe, prompt, { orphans, colors: 1, probability });
  const tables = comparisonTables([
    ...[0.1, 0.2].map((p, prompt) => scored("nearest", prompt, p)),
    ...[0.3, 0.4].map((p, prompt) => scored("standard-start", prompt, p)),
    ...[0.5, 0.3].map((p, prompt) => scored("standard", prompt, p, prompt * 0.2)),
    // A picture without its counterpart.
    scored("standard", 2, 1),
  ]);
  assert.equal(
    tables,
    `## names48, by pairs

| recipe | against | size | palette | pairs | preferred | p, difference | sign test | orphans, difference |
| :--- | :--- | ---: | :--- | ---: | ---: | ---: | ---: | ---: |
| standard-start | nearest | 16 | game-boy | 2 | 1.00 ± 0.00 | +0.200 ± 0.000 | 0.500 | +0.000 ± 0.000 |
| standard | standard-start | 16 | game-boy | 2 | 0.50 ± 0.50 | +0.050 ± 0.150 | 1.000 | -0.100 ± 0.100 |
| standard | nearest | 16 | game-boy | 2 | 1.00 ± 0.00 | +0.250 ± 0.150 | 0.500 | -0.100 ± 0.100 |
`,
  );
  assert.equal(comparisonTables([resultOf("nearest", 0, { orphans: 0, colors: 1 })]), "");
});

Deno.test("writeResults() writes tables, a line a picture and a sheet", async () => {
  await inTemporaryFolder(async (folder) => {
    const palette = await findPalette("game-boy");
    const size = { height: 16, width: 16 };
    const results = [
      resultOf("nearest", 0, { orphans: 0, colors: 1, guess: "cat", top1: 0, probability: 0.1 }),
      resultOf("standard", 0, { orphans: 0, colors: 1 }),
    ];
    const files = new PictureFiles(folder);
    for (const [k, { made }] of results.entries()) {
      const indices = new Uint32Array(256).fill(k + 1);
      await files.write(made.key, { indices, size, palette, cost: made });
    }
    await writeResults(results, {
      output: folder,
      heading: "# Recipes\n",
      source: "Adapter <none>",
    });
    const text = await Deno.readTextFile(`${folder}/results.md`);
    assert.match(text, /^# Recipes\n\n## names48\n/);
    const chart = await Deno.readTextFile(`${folder}/quality.svg`);
    assert.match(chart, /^<svg .*>nearest<\/text>.*>standard<\/text>.*Adapter &lt;none&gt;/s);
    const lines = (await Deno.readTextFile(`${folder}/metrics.jsonl`)).trimEnd().split("\n");
    assert.deepEqual(lines.map((line) => JSON.parse(line).recipe), ["nearest", "standard"]);
    const sheet = decodePng(await Deno.readFile(`${folder}/sheet_names48_16_game-boy_0.png`)).image;
    const colors = new Set(
      Array.from({ length: 40 }, (_, i) => sheet.data[(60 * sheet.width + 130 + i * 6) * 4]),
    );
    for (const k of [1, 2]) assert.ok(colors.has(palette.at(k)[0]), `color ${k} is on the sheet`);
  });
});

Deno.test("drawGrid() puts eight pictures into a row", () => {
  const picture = Image.filled({ height: 8, width: 8 }, [1, 2, 3]);
  const row = { label: "cat", cells: [{ picture, caption: { text: "dog 0.5", isGood: false } }] };
  const sheetOf = (count: number) => drawGrid("standard", Array.from({ length: count }, () => row));
  const [one, eight, nine] = [sheetOf(1), sheetOf(8), sheetOf(9)] as const;
  assert.ok(eight.width > one.width && eight.height === one.height);
  assert.ok(nine.width === eight.width && nine.height > eight.height);
});

Deno.test("contactSheet() has room for every column and row", () => {
  const one = contactSheet(["a"], [{ label: "cat", cells: [undefined] }]);
  const more = contactSheet(["a", "b"], [
    { label: "a very long prompt of many words", cells: [undefined, undefined] },
    { label: "dog", cells: [undefined] },
  ]);
  assert.ok(more.width > one.width && more.height > one.height);
});

Deno.test("contactSheet() reduces an image that is larger than its cell, whole", () => {
  const image = Image.filled({ height: 256, width: 256 }, [0, 0, 0]);
  // The right half is red: a crop of the top left corner would lose it.
  for (let i = 0; i < 256 * 256; i++) if (i % 256 >= 128) image.data[i * 4] = 255;
  const { data } = contactSheet([""], [{ label: "", cells: [{ picture: image }] }]);
  const reds = data.filter((value, i) =>
    i % 4 === 0 && value === 255 && data[i + 1] === 0 && data[i + 2] === 0
  );
  assert.equal(reds.length, 64 * 128);
});
