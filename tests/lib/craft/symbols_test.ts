import assert from "node:assert/strict";
import { covers, SYMBOL_COUNT, symbolAt } from "../../../lib/craft/symbols.ts";

const LENGTH = 19;

function mask(number: number): boolean[] {
  return Array.from(
    { length: LENGTH * LENGTH },
    (_, i) =>
      covers(
        symbolAt(number),
        (i % LENGTH + 0.5) / LENGTH,
        (Math.floor(i / LENGTH) + 0.5) / LENGTH,
      ),
  );
}

Deno.test("symbols differ in shape, for every color of a picture", () => {
  assert(SYMBOL_COUNT >= 256);
  const masks = Array.from({ length: SYMBOL_COUNT }, (_, n) => mask(n));
  for (const [n, one] of masks.entries()) {
    const area = one.filter(Boolean).length;
    assert(area > 10 && area < 0.7 * one.length, `symbol ${n} covers ${area}`);
    for (let m = 0; m < n; m++) {
      const difference = one.filter((value, i) => value !== masks[m]![i]).length;
      assert(difference >= 4, `symbols ${m} and ${n} differ in ${difference} points`);
    }
  }
  assert.throws(() => symbolAt(SYMBOL_COUNT), /expected a number below/);
});

Deno.test("symbols lie in the unit square", () => {
  for (let n = 0; n < SYMBOL_COUNT; n++) {
    const values = symbolAt(n).flat(2);
    assert(values.every((value) => value >= 0 && value <= 1), `symbol ${n}`);
  }
});
