import assert from "node:assert/strict";
import { visibleText } from "../../../lib/text/visible_text.ts";

Deno.test("visibleText() shows control, escape and bidi characters", () => {
  const cases = [
    ["\x1b[2J\x1b]0;title\x07", "\\u001b[2J\\u001b]0;title\\u0007"],
    ["a\r\b\0\x7f\x9bb", "a\\u000d\\u0008\\u0000\\u007f\\u009bb"],
    ["gpj.\u202etac\u202c", "gpj.\\u202etac\\u202c"],
    ["\u2066a\u2069\u200f\u061c\u200e", "\\u2066a\\u2069\\u200f\\u061c\\u200e"],
    ["a\u2028b\u2029\u200b\ufeff", "a\\u2028b\\u2029\\u200b\\ufeff"],
  ] as const;
  for (const [text, expected] of cases) assert.equal(visibleText(text), expected);
});

Deno.test("visibleText() keeps lines, tabs, letters and emoji", () => {
  for (const text of ["a\tb\nc", "größer, ёж, 猫, قطة", "👩‍🚀 █▀ …"]) {
    assert.equal(visibleText(text), text);
  }
});

Deno.test("visibleText() does not change what JSON says", () => {
  const value = { prompt: "a\u202eb\x9bc\x7f" };
  assert.deepEqual(JSON.parse(visibleText(JSON.stringify(value))), value);
});
