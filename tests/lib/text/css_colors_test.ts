import assert from "node:assert/strict";
import { cssColorNames, isColorIndex, parseCssColor } from "../../../lib/text/css_colors.ts";

Deno.test("parseCssColor() knows the 148 names of CSS, also by the other spelling of gray", () => {
  const names = cssColorNames();
  const gray = names.filter((name) => name.includes("gray"));
  assert.equal(names.length + gray.length, 148);
  for (const name of names) assert(parseCssColor(name) !== undefined, name);
  for (const name of gray) {
    const other = name.replace("ay", "ey").toUpperCase();
    assert.deepEqual(parseCssColor(other), parseCssColor(name));
  }
  // Colors that CSS defines by others, and some that are easily confused.
  assert.deepEqual(parseCssColor("cyan"), parseCssColor("aqua"));
  assert.deepEqual(parseCssColor("magenta"), parseCssColor("fuchsia"));
  assert.deepEqual(parseCssColor("gray"), [128, 128, 128]);
  assert.deepEqual(parseCssColor("green"), [0, 128, 0]);
  assert.deepEqual(parseCssColor("darkgray"), [169, 169, 169]);
});

Deno.test("parseCssColor() reads hexadecimal colors, and isColorIndex() an index", () => {
  assert.deepEqual(parseCssColor("#F0a"), [255, 0, 170]);
  assert.deepEqual(parseCssColor(" 102030 "), [16, 32, 48]);
  for (const text of ["", "f0a", "#1234", "#1234567", "12", "constructor", "ffffff00"]) {
    assert.equal(parseCssColor(text), undefined, text);
  }
  assert.deepEqual(["0", "65535", "123456", "-1", ""].map(isColorIndex), [
    ...[true, true],
    ...[false, false, false],
  ]);
});
