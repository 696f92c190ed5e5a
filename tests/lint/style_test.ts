// deno-lint-ignore-file style/plain-language -- names what the rule forbids
import assert from "node:assert/strict";
import style from "./style.ts";

/** Statements and what the plugin says of them: the rule, or nothing. */
const CASES: readonly (readonly [string, string | undefined])[] = [
  ['throw new RangeError("Cannot read tensor: expected 3 values, got 2");', undefined],
  ['throw new Error(`Cannot find weight "${key}" in the checkpoint`);', undefined],
  ['throw new SyntaxError("its header ends early");', undefined],
  ['throw new RangeError("Cannot read tensor.");', "style/error-text"],
  ['throw new RangeError("Invalid tensor");', "style/error-text"],
  ['throw new TypeError("Cannot read: the file isn\'t there");', "style/error-text"],
  ["throw new Error(`Cannot find weight '${key}'`);", "style/error-text"],
  ["throw new Error(`Cannot find ${a}` + ` in ${b}.`);", "style/error-text"],
  ['throw new ConfigError("invalid.yaml", "", "expected a text");', undefined],
  ["enum Mode { A }", "style/no-enum"],
  ["const a = { ...{ b, c }, d };", "style/no-literal-spread"],
  ["const a = { ...b, ...defined({ c }) };", undefined],
  ["// The gradient flows back to the logits.", undefined],
  ["// Each colour of the palette.", "style/plain-language"],
  ["/** The commonest of its neighbors. */", "style/plain-language"],
  ['print("made at once");', "style/plain-language"],
  ["print(`begins anew with ${name}`);", "style/plain-language"],
  ["const leastSize = 1;", "style/plain-language"],
  ["const LEAST_SIZE = 1;", "style/plain-language"],
  ["const minSize = almostDone;", undefined],
  [`// ${"x".repeat(98)}`, "style/comment-width"],
  [`const a = "${"x".repeat(98)}";`, undefined],
];

Deno.test("the lint plugin accepts good error texts and reports the others", () => {
  for (const [code, rule] of CASES) {
    const found = Deno.lint.runPlugin(style, "example.ts", `${code}\n`).map(({ id }) => id);
    assert.deepEqual(found, rule === undefined ? [] : [rule], code);
  }
});
