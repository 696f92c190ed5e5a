import assert from "node:assert/strict";
import { parsePromptWeights } from "../../../lib/conditioning/prompt_weights.ts";

/** Returns the parts as [text, weight rounded to three decimals]. */
function parse(prompt: string) {
  return parsePromptWeights(prompt).map((
    { text, weight },
  ) => [text, Math.round(weight * 1e3) / 1e3]);
}

Deno.test("a prompt without brackets is one part", () => {
  for (const prompt of ["a cat", "", "a: b, 1.3", "back\\slash"]) {
    assert.deepEqual(parse(prompt), [[prompt, 1]]);
  }
});

// ComfyUI's README: (word:1.2), (word) is (word:1.1), and \\( is a bracket.
Deno.test("brackets and numbers are weights, as in ComfyUI", () => {
  assert.deepEqual(parse("a (cat:1.2), (dog)"), [["a ", 1], ["cat", 1.2], [", ", 1], ["dog", 1.1]]);
  assert.deepEqual(parse("((a) b)"), [["a", 1.21], [" b", 1.1]]);
  assert.deepEqual(parse("(a (b:0.5) c:2)"), [["a ", 2], ["b", 0.5], [" c", 2]]);
  assert.deepEqual(parse("((a):2)"), [["a", 2.2]]);
  assert.deepEqual(parse("[a] [[b]]"), [["a", 0.909], [" ", 1], ["b", 0.826]]);
  assert.deepEqual(parse("([a])"), [["a", 1]]);
  assert.deepEqual(parse("(a: b:1.5)"), [["a: b", 1.5]]);
});

Deno.test("escaped brackets and brackets without a partner are text", () => {
  assert.deepEqual(parse(String.raw`spy \(family\)`), [["spy (family)", 1]]);
  assert.deepEqual(parse(":) (a"), [[":) (a", 1]]);
  assert.deepEqual(parse("(a]"), [["(a]", 1]]);
  assert.deepEqual(parse("a) (b)"), [["a) ", 1], ["b", 1.1]]);
  assert.deepEqual(parse("(a (b)"), [["(a ", 1], ["b", 1.1]]);
  assert.deepEqual(parse("()"), [["", 1]]);
});

Deno.test("a prompt of ten thousand brackets is read in a moment", () => {
  const start = performance.now();
  parsePromptWeights("(".repeat(10_000) + "a");
  parsePromptWeights("[".repeat(10_000) + "a" + "]".repeat(10_000));
  assert(performance.now() - start < 2000);
});
