import assert from "node:assert/strict";
import { layFewest } from "../../../lib/craft/fewest_plates.ts";
import { layGreedily } from "../../../lib/craft/greedy_plates.ts";
import { pricesOf } from "../../../lib/craft/plate_bound.ts";
import { cellsUnder, PLATE_SHAPES, type PlateRegion } from "../../../lib/craft/plate_shapes.ts";
import { layPlates } from "../../../lib/craft/plates.ts";
import { Palette } from "../../../lib/palette/palette.ts";

/** Cells of a region that are drawn with "x". */
function drawn(...rows: readonly string[]): PlateRegion {
  const letters = rows.join("");
  return { width: rows[0]!.length, cells: [...letters].flatMap((x, i) => x === "x" ? [i] : []) };
}

/** The fewest plates, by trying every plate on each first free cell. */
function fewestByTrial({ cells, width }: PlateRegion): number {
  const free = new Set(cells);
  let best = cells.length;
  const lay = (count: number) => {
    if (count >= best) return;
    const first = cells.find((cell) => free.has(cell));
    if (first === undefined) {
      best = count;
      return;
    }
    for (const shape of PLATE_SHAPES) {
      const plate = { ...shape, row: Math.floor(first / width), column: first % width };
      if (plate.column + plate.columns > width) continue;
      const under = cellsUnder(plate, width);
      if (!under.every((cell) => free.has(cell))) continue;
      for (const cell of under) free.delete(cell);
      lay(count + 1);
      for (const cell of under) free.add(cell);
    }
  };
  lay(0);
  return best;
}

/** Regions of the size that trials manage, with irregular holes. */
function* irregularRegions(count: number): Generator<PlateRegion> {
  let state = 11;
  const random = () => (state = state * 48271 % 2147483647) / 2147483647;
  for (let i = 0; i < count; i++) {
    const [height, width] = i % 2 === 0 ? [4, 6] : [7, 4];
    const row = () => Array.from({ length: width! }, () => random() < 0.8 ? "x" : ".").join("");
    yield drawn(...Array.from({ length: height! }, row));
  }
}

Deno.test("layFewest() finds the fewest plates, each cell under one of them, and proves it", () => {
  for (const region of irregularRegions(40)) {
    const greedy = layGreedily(region);
    const { plates, minPlates } = layFewest(region, greedy, { maxStates: 100_000 });
    const under = plates.flatMap((plate) => cellsUnder(plate, region.width));
    assert.deepEqual(under.sort((a, b) => a - b), region.cells);
    const shapes = new Set(
      PLATE_SHAPES.map(({ part, rows, columns }) => `${part} ${rows} ${columns}`),
    );
    for (const { part, rows, columns } of plates) assert(shapes.has(`${part} ${rows} ${columns}`));
    assert.deepEqual([plates.length, minPlates], [fewestByTrial(region), plates.length]);
    assert(plates.length <= greedy.length);
  }
});

Deno.test("layFewest() says a true bound, where it has no time for a proof", () => {
  for (const region of irregularRegions(40)) {
    const { plates, minPlates } = layFewest(region, layGreedily(region), { maxStates: 1 });
    const fewest = fewestByTrial(region);
    assert(
      minPlates <= fewest && fewest <= plates.length,
      `${minPlates} ${fewest} ${plates.length}`,
    );
  }
});

Deno.test("prices of cells add up to 1 under a plate at most", () => {
  for (const region of irregularRegions(10)) {
    const prices = new Map([...pricesOf(region)].map((price, i) => [region.cells[i]!, price]));
    for (const cell of region.cells) {
      for (const shape of PLATE_SHAPES) {
        const at = { row: Math.floor(cell / region.width), column: cell % region.width };
        if (at.column + shape.columns > region.width) continue;
        const under = cellsUnder({ ...shape, ...at }, region.width).map((one) => prices.get(one));
        if (under.includes(undefined)) continue;
        assert(under.reduce<number>((sum, price) => sum + price!, 0) <= 1 + 1e-9);
      }
    }
  }
});

Deno.test("the search finds a layout that greedy ways miss", () => {
  const region = drawn("xxxxx", "xxxxx", ".xxxx", "xxx.x");
  const greedy = layGreedily(region);
  const { plates, minPlates } = layFewest(region, greedy, { maxStates: 1000 });
  assert.deepEqual([greedy.length, plates.length, minPlates], [5, 4, 4]);
});

Deno.test("layPlates() adds up the bounds of all regions", () => {
  const palette = new Palette("lego", Uint8Array.of(180, 0, 0, 255, 255, 255), [], [
    { code: "4", name: "Red" },
    { code: "15", name: "White" },
  ]);
  const colors = [0, 1].map((index) => ({ material: palette.materialAt(index) }));
  // A red part of 1 x 4, a white one of 2 x 4, and an empty cell.
  const indices = Uint32Array.of(0, 0, 0, 0, 2, 1, 1, 1, 1, 2, 1, 1, 1, 1, 2);
  const layout = layPlates({ height: 3, width: 5, palette, indices }, colors);
  assert.deepEqual(layout.plates.map(({ part, index }) => [part, index]), [["3710", 0], [
    "3020",
    1,
  ]]);
  assert.equal(layout.minPlates, 2);
});
