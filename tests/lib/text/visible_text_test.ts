import assert from "node:assert/strict";
import { shorten, visibleText } from "../../../lib/text/visible_text.ts";

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

Deno.test("shorten() keeps the beginning and the end of a long text", () => {
  assert.equal(shorten("a".repeat(1000)), "a".repeat(1000));
  const long = `Cannot read "${"x".repeat(300_000)}": add --prompt`;
  const short = shorten(long);
  assert.equal(short.length, 1000);
  assert(short.startsWith('Cannot read "xxx') && short.endsWith('xxx": add --prompt'));
  // A cut between the halves of a character leaves no lone half.
  for (let length = 20; length < 30; length++) {
    const cut = shorten("🐉".repeat(50), length);
    assert(cut.isWellFormed() && cut.length === length);
  }
});
