import assert from "node:assert/strict";
import { OXS } from "../../../../lib/craft/formats/oxs.ts";
import { SHOPPING_LIST } from "../../../../lib/craft/formats/shopping_list.ts";
import { CHART_PNG } from "../../../../lib/craft/formats/chart_png.ts";
import { decodeImage } from "../../../../lib/image/formats/decode_image.ts";
import { parseCsv } from "../../../../lib/text/csv.ts";
import { patternOf } from "../patterns.ts";
import { parseXml } from "../xml_parser.ts";

const OPTIONS = { paper: "a4" } as const;

Deno.test("another program reads the stitches and the threads of OXS", () => {
  const pattern = patternOf("cross-stitch", 5, 7);
  const { chart } = parseXml(OXS.encode(pattern, OPTIONS) as string);
  assert.equal(chart.properties.chartwidth, "7");
  assert.equal(chart.properties.chartheight, "5");
  assert.equal(chart.properties.stitchesperinch, "14");
  assert.equal(chart.properties.charttitle, 'a & "b"');
  const items = chart.palette.palette_item as Record<string, string>[];
  assert.equal(items.length, 4, "the cloth and three threads");
  const stitches = chart.fullstitches.stitch as Record<string, string>[];
  const { picture } = pattern;
  const read = new Uint32Array(35).fill(picture.palette.size);
  for (const { x, y, palindex } of stitches) {
    const item = items.find(({ index }) => index === palindex)!;
    const code = item.number!.split("    ")[1];
    const index = picture.palette.materials!.findIndex((material) => material.code === code);
    assert.equal(item.color!.toLowerCase(), picture.palette.hexAt(index));
    assert.equal(item.name, picture.palette.materialAt(index).name);
    read[Number(y) * 7 + Number(x)] = index;
  }
  assert.deepEqual(read, picture.indices);
});

Deno.test("the shopping list counts each material", () => {
  const csv = SHOPPING_LIST.encode(patternOf("cross-stitch", 5, 7), OPTIONS) as string;
  const [header, ...rows] = parseCsv(csv).map(({ fields }) => fields);
  assert.deepEqual(header, ["code", "name", "hex", "count", "meters", "skeins"]);
  assert.equal(rows.reduce((sum, row) => sum + Number(row[3]), 0), 34);
  const red = rows.find(([code]) => code === "R1")!;
  assert.equal(red[1], 'Red, <bright> & "hot"');
  // 11 crosses of 25.4 / 14 mm: two diagonals, two sides, a fifth more.
  const meters = 11 * 25.4 / 14 * (2 * Math.SQRT2 + 2) * 1.2 / 1000;
  assert.deepEqual(red.slice(3), ["11", meters.toFixed(2), "1"]);
});

Deno.test("the chart has the color of each cell, and white where it is empty", async () => {
  const pattern = patternOf("beads", 3, 4);
  const bytes = CHART_PNG.encode(pattern, OPTIONS) as Uint8Array;
  const image = await decodeImage(bytes, { name: "chart" });
  assert.deepEqual([image.width, image.height], [28 + 4 * 20 + 2, 28 + 3 * 20 + 2]);
  const corner = (row: number, column: number) => {
    const i = (28 + row * 20 + 2) * image.width + 28 + column * 20 + 2;
    return [...image.data.subarray(i * 4, i * 4 + 3)];
  };
  assert.deepEqual(corner(0, 0), [255, 255, 255]);
  assert.deepEqual(corner(0, 1), [0, 255, 0]);
  assert.deepEqual(corner(2, 0), [0, 0, 255]);
});
