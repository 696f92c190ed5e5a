import assert from "node:assert/strict";
import { CraftError } from "../../../lib/craft/craft.ts";
import { parseInventory } from "../../../lib/craft/inventory.ts";
import { matchMaterials } from "../../../lib/craft/match_materials.ts";
import { diagonals, THREE } from "./patterns.ts";

Deno.test("parseInventory() reads counts in the order of the palette", () => {
  assert.deepEqual(parseInventory("count;code\n5;G2\n0;B3\n", "mine.csv", THREE), [0, 5, 0]);
  const cases: [text: string, expected: RegExp][] = [
    ["code\nR1", /line 1: expected a header with code and count/],
    ["", /line 1: expected a header/],
    ["code,count\nX9,1", /line 2: expected a code of "three", got "X9"/],
    ["code,count\nR1,1\nR1,2", /line 3: expected each code once, got "R1" twice/],
    ["code,count\nR1,-1", /line 2: expected a count from 0 to 1000000000, got "-1"/],
    ["code,count\nR1,", /got ""/],
    ["code,count\nR1,1e99", /got "1e99"/],
    ['code,count\n"R1,1', /expected a closing quote/],
  ];
  for (const [text, expected] of cases) {
    assert.throws(() => parseInventory(text, "mine.csv", THREE), (error: Error) => {
      assert(error instanceof CraftError);
      assert.match(error.message, /^Cannot read inventory "mine\.csv": /);
      assert.match(error.message, expected);
      return true;
    });
  }
});

Deno.test("matchMaterials() stays within an inventory, and refuses one that is too small", () => {
  const picture = diagonals(4, 4);
  const { picture: matched, notes } = matchMaterials(picture, THREE, { inventory: [9, 3, 4] });
  const counts = [0, 0, 0, 0];
  for (const index of matched.indices) counts[index]!++;
  assert.equal(counts[3], 1, "the empty cell");
  assert(counts[0]! <= 9 && counts[1]! <= 3 && counts[2]! <= 4);
  assert.match(notes.at(-1)!, /^The inventory lacks 2 of G2 Latté, 1 of B3 Blue, so other/);
  const rich = matchMaterials(picture, THREE, { inventory: [9, 9, 9] });
  assert.deepEqual(rich.picture.indices, picture.indices);
  assert.equal(rich.notes.at(-1), "The inventory has all that is nearest");
  assert.throws(
    () => matchMaterials(picture, THREE, { inventory: [5, 5, 0] }),
    /Cannot fill 15 cells from the inventory: it has 10 of "three", 5 too few/,
  );
});

Deno.test("matchMaterials() keeps at most the number of materials that is asked for", () => {
  for (const maxColors of [1, 2, 3]) {
    const { picture } = matchMaterials(diagonals(4, 4), THREE, { maxColors });
    const used = new Set(picture.indices);
    assert.equal(used.size, maxColors + 1, "with the empty cell");
  }
});
