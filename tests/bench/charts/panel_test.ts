import assert from "node:assert/strict";
import { drawFigure } from "./figure.ts";
import { measuredText, numberText, spacedTicks } from "./panel.ts";
import { element, textElement } from "./svg.ts";
import { wrapText } from "./text_width.ts";

Deno.test("spacedTicks() omits ticks that would touch", () => {
  const scale = (length: number) => ({
    ticks: [240, 250, 260],
    position: (value: number) => (value - 240) * length / 20,
  });
  assert.deepEqual(spacedTicks(scale(200)), [240, 250, 260]);
  assert.deepEqual(spacedTicks(scale(60)), [240, 260]);
  assert.deepEqual(spacedTicks(scale(20)), [240]);
});

Deno.test("numberText() and measuredText() write three significant digits", () => {
  assert.deepEqual([0, 0.1, 1500].map(numberText), ["0", "0.1", "1500"]);
  assert.deepEqual([0.0123456, 1.6, 1234.5].map(measuredText), ["0.0123", "1.60", "1235"]);
});

Deno.test("element() and textElement() escape their arguments", () => {
  assert.equal(element("a", { b: '"<', c: undefined, d: 1 / 3 }), '<a b="&quot;&lt;" d="0.33"/>');
  assert.match(textElement("a < b & c", { x: 1, y: 2 }), /x="1" y="2">a &lt; b &amp; c<\/text>$/);
});

Deno.test("wrapText() breaks at spaces, and keeps a long word whole", () => {
  assert.deepEqual(wrapText("aa bb cc", 10, 40), ["aa bb", "cc"]);
  assert.deepEqual(wrapText("aaaaaaaaaaaa b", 10, 40), ["aaaaaaaaaaaa", "b"]);
});

Deno.test("drawFigure() gives each panel its own box and grows with its rows", () => {
  const boxes: string[] = [];
  const draw = (box: { x: number; y: number; width: number }) => {
    boxes.push([box.x, box.y, box.width].join());
    return "";
  };
  const texts = { title: "A", subtitle: "b", footer: "c" };
  const heightOf = (svg: string) => Number(/ height="(\d+)"/.exec(svg)![1]);
  const one = heightOf(drawFigure(texts, [[draw]], { rowHeight: 100 }));
  const two = heightOf(drawFigure(texts, [[draw, draw], [draw]], { rowHeight: 100 }));
  assert.ok(two - one >= 100);
  assert.equal(new Set(boxes.slice(1)).size, 3);
});
