import assert from "node:assert/strict";
import { isWithin, overlap, type PlacedLabel, placeLabels } from "./place_labels.ts";

const OPTIONS = {
  area: { x: 0, y: 0, width: 400, height: 200 },
  fontSize: 12,
  radius: 4,
};

/** Overlap of the names, in square pixels. */
function shared(labels: readonly PlacedLabel[]): number {
  return labels.flatMap(({ box }, i) => labels.slice(i + 1).map((other) => overlap(box, other.box)))
    .reduce((sum, area) => sum + area, 0);
}

Deno.test("placeLabels() places an isolated name right of its mark", () => {
  const [label] = placeLabels([{ name: "nearest", x: 100, y: 50 }], OPTIONS);
  assert.deepEqual([label!.box.x, label!.isFar], [108, false]);
  assert.equal(label!.box.y + label!.box.height / 2, 50);
});

Deno.test("placeLabels() keeps names of crowded marks apart, within the area and off marks", () => {
  const marks = Array.from({ length: 9 }, (_, i) => ({
    name: `draft-${i}`,
    x: 200 + 5 * (i % 3),
    y: 100 + 3 * i,
  }));
  const labels = placeLabels(marks, OPTIONS);
  assert.deepEqual(labels.map(({ name }) => name), marks.map(({ name }) => name));
  assert.equal(shared(labels), 0);
  for (const { box } of labels) {
    assert.ok(isWithin(box, OPTIONS.area));
    for (const { x, y } of marks) {
      assert.equal(overlap(box, { x: x - 4, y: y - 4, width: 8, height: 8 }), 0);
    }
  }
});

Deno.test("placeLabels() draws lines to the names of marks at one position", () => {
  const marks = Array.from({ length: 5 }, (_, i) => ({ name: `image-${i}`, x: 200, y: 100 }));
  const labels = placeLabels(marks, { ...OPTIONS, clearance: 0 });
  assert.equal(shared(labels), 0);
  assert.ok(labels.some(({ isFar }) => isFar));
});

Deno.test("placeLabels() turns names inward at the edges of the area", () => {
  const [label] = placeLabels([{ name: "standard-200", x: 395, y: 5 }], OPTIONS);
  assert.ok(isWithin(label!.box, OPTIONS.area) && label!.box.x < 395);
});

Deno.test("placeLabels() keeps a name that is too long for the area", () => {
  const [label] = placeLabels([{ name: "w".repeat(100), x: 200, y: 100 }], OPTIONS);
  assert.equal(label!.box.x, 208);
});
