import assert from "node:assert/strict";
import { PROMPT_SETS } from "./prompts.ts";
import { qualityChart } from "./quality_chart.ts";
import { jobKey, RECIPES } from "./recipe.ts";
import type { Result } from "./results_table.ts";

function resultOf(
  name: string,
  teacherCalls: number,
  scores: { readonly orphans: number; readonly probability?: number },
): Result {
  const recipe = RECIPES.find((one) => one.name === name)!;
  const prompt = PROMPT_SETS.names48[0]!;
  const shape = { size: 32, palette: "sweetie-16", seed: 0 };
  const job = { recipe, set: "names48", prompt, ...shape } as const;
  const cost = {
    teacherCalls,
    seconds: 1,
    loadSeconds: 0,
    peakBytes: 0,
    runtime: "wasm",
    adapter: "a",
  };
  const made = { key: jobKey(job), fingerprint: "1", ...cost };
  return { job, made, scores: { colors: 4, ...scores } };
}

/** Positions of the texts of ticks, the last of each. */
function ticksOf(
  svg: string,
  anchor: "middle" | "end",
): Map<string, { readonly x: number; readonly y: number }> {
  const texts = svg.matchAll(/<text ([^>]*?)x="([\d.]+)" y="([\d.]+)"([^>]*)>([^<]*)</g);
  return new Map(
    [...texts].filter(([, before, , , after]) =>
      `${before}${after}`.includes(`text-anchor="${anchor}"`)
    ).map(([, , x, y, , text]) => [text!, { x: Number(x), y: Number(y) }]),
  );
}

/** Positions of marks with what they say. */
function marksOf(svg: string): { readonly x: number; readonly y: number; readonly says: string }[] {
  const marks = svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"[^>]*><title>([^<]*)</g);
  return [...marks].map(([, x, y, says]) => ({ x: Number(x), y: Number(y), says: says! }));
}

Deno.test("qualityChart() places marks at their values", () => {
  const svg = qualityChart([
    resultOf("nearest", 8, { orphans: 0.1, probability: 0.1 }),
    resultOf("nearest", 12, { orphans: 0.2, probability: 0.3 }),
    resultOf("standard", 100, { orphans: 0.05, probability: 0.4 }),
  ], "Adapter <none>");
  const marks = marksOf(svg);
  assert.deepEqual(marks.map(({ says }) => says), [
    "nearest: 0.200 at 10.0 teacher calls, mean of 2",
    "standard: 0.400 at 100 teacher calls, mean of 1",
    "nearest: 15.0 at 10.0 teacher calls, mean of 2",
    "standard: 5.00 at 100 teacher calls, mean of 1",
  ]);
  const [columns, rows] = [ticksOf(svg, "middle"), ticksOf(svg, "end")];
  // Texts of ticks at the left stand four pixels below their lines.
  const expected = [["10", "0.2"], ["100", "0.4"], ["10", "15"], ["100", "5"]] as const;
  for (const [i, [x, y]] of expected.entries()) {
    assert.equal(marks[i]!.x, columns.get(x)!.x, `x of mark ${i}`);
    assert.ok(Math.abs(marks[i]!.y - (rows.get(y)!.y - 4)) < 0.02, `y of mark ${i}`);
  }
  for (const name of ["nearest", "standard"]) {
    assert.equal(svg.split(`>${name}</text>`).length - 1, 2);
  }
  assert.match(svg, /Means over 1 to 2 pictures a recipe/);
  assert.match(svg, /Adapter &lt;none&gt;/);
});

Deno.test("qualityChart() omits the judge without its scores, and places 0", () => {
  const svg = qualityChart([resultOf("nearest", 0, { orphans: 0 })], "");
  assert.doesNotMatch(svg, /by the judge/);
  assert.deepEqual(marksOf(svg).length, 1);
  assert.equal(marksOf(svg)[0]!.x, ticksOf(svg, "middle").get("0")!.x);
});
