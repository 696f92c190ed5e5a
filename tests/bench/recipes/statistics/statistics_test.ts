import assert from "node:assert/strict";
import { assertAllClose } from "../../../support/assert_all_close.ts";
import { estimate, estimateText } from "./estimate.ts";
import { comparePairs } from "./paired_comparison.ts";

Deno.test("estimate() counts each cluster once, however many values it has", () => {
  const of = (cluster: string, ...values: number[]) => values.map((value) => ({ cluster, value }));
  const { mean, error } = estimate([...of("a", 0, 2), ...of("b", 3), ...of("c", 5, 5, 5)])!;
  // Clusters 1, 3, 5: variance 4, divided by 3.
  assertAllClose([mean, error!], [3, Math.sqrt(4 / 3)]);
  assert.deepEqual(estimate(of("a", 1, 3)), { mean: 2, error: undefined });
  assert.equal(estimate([]), undefined);
});

Deno.test("estimateText() writes the error behind the mean", () => {
  assert.equal(estimateText({ mean: 0.937, error: 0.0123 }, 2), "0.94 ± 0.01");
  assert.equal(estimateText({ mean: 3, error: undefined }, 1), "3.0");
});

Deno.test("comparePairs() counts preferences, differences and signs", () => {
  const pair = (cluster: string, first: number, second: number) => ({ cluster, first, second });
  const result = comparePairs([
    pair("cat", 0.9, 0.1),
    pair("cat", 0.5, 0.6),
    pair("dog", 0.4, 0.4),
    pair("fox", 0.7, 0.5),
    pair("owl", 0.7, 0.6),
  ])!;
  assert.equal(result.pairs, 5);
  assertAllClose([result.preferred.mean, result.difference.mean], [0.75, (0.35 + 0.2 + 0.1) / 4]);
  // Three prompts up, none down, one equal: 2 / 2^3.
  assertAllClose([result.signTest], [0.25]);
  assert.equal(comparePairs([]), undefined);
});

Deno.test("comparePairs() gives a sign test of 1 for as many ups as downs", () => {
  const result = comparePairs([
    { cluster: "a", first: 1, second: 0 },
    { cluster: "b", first: 0, second: 1 },
  ])!;
  assert.equal(result.signTest, 1);
  assert.equal(result.preferred.mean, 0.5);
});
