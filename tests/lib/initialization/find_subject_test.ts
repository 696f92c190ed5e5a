import assert from "node:assert/strict";
import { Image, type ImageSize, type Rgb } from "../../../lib/image/image.ts";
import { findSubject } from "../../../lib/initialization/find_subject.ts";

const SIZE = { height: 8, width: 8 };
const FACTOR = 4;
const MAGENTA: Rgb = [255, 0, 255];
const BLUE: Rgb = [50, 70, 180];
const RED: Rgb = [200, 30, 30];

/** Colors of letters: "#" is the subject, "." the background. */
type Colors = Readonly<Record<string, Rgb>>;

/** Draws each picture's pixel as 4 x 4. */
function draw(rows: readonly string[], colors: Colors, picture: ImageSize = SIZE): Image {
  const size = { height: picture.height * FACTOR, width: picture.width * FACTOR };
  const image = new Image(size);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const letter = rows[Math.floor(y / FACTOR)]![Math.floor(x / FACTOR)]!;
      image.data.set([...colors[letter]!, 255], (y * size.width + x) * 4);
    }
  }
  return image;
}

/** Shows the middle of each picture's pixel. */
function shown(inside: Uint8Array, { height, width }: ImageSize = SIZE): string[] {
  const letter = (y: number, x: number) => inside[at(y, x, width)] ? "#" : ".";
  return Array.from(
    { length: height },
    (_, y) => Array.from({ length: width }, (_, x) => letter(y, x)).join(""),
  );
}

function at(y: number, x: number, width: number): number {
  return (y * FACTOR + 2) * width * FACTOR + x * FACTOR + 2;
}

function colorAt({ data }: Image, y: number, x: number): Rgb {
  const i = at(y, x, SIZE.width) * 4;
  return [data[i]!, data[i + 1]!, data[i + 2]!];
}

const BALL = [
  "........",
  "..####..",
  "..####..",
  "..####..",
  "..####ss",
  "...sdsss",
  "...ddss.",
  "........",
];

Deno.test("findSubject() takes away a shadow that shows half of magenta, blackens a darker one", () => {
  const image = draw(BALL, { ".": MAGENTA, "#": RED, "s": [140, 0, 140], "d": [80, 0, 80] });
  const { inside, image: clean } = findSubject(image, SIZE, MAGENTA);
  const expected = BALL.map((row) => row.replaceAll("s", ".").replaceAll("d", "#"));
  assert.deepEqual(shown(inside), expected);
  assert.deepEqual(colorAt(clean, 5, 4), [0, 0, 0]);
  assert.deepEqual(colorAt(clean, 2, 3), RED);
});

Deno.test("findSubject() leaves an edge of one pixel to the subject, whatever its color", () => {
  const image = draw(BALL.map((row) => row.replace(/[sd]/g, ".")), { ".": MAGENTA, "#": RED });
  const width = SIZE.width * FACTOR;
  const top = FACTOR * width + 3 * FACTOR;
  image.data.set([140, 0, 140], top * 4);
  assert.equal(findSubject(image, SIZE, MAGENTA).inside[top], 1);
});

Deno.test("findSubject() knows no shadows before a dull blue: subjects have such colors", () => {
  const dark: Rgb = [26, 36, 92];
  const image = draw(BALL, { ".": BLUE, "#": RED, "s": dark, "d": dark });
  const { inside } = findSubject(image, SIZE, BLUE);
  assert.deepEqual(shown(inside), BALL.map((row) => row.replace(/[sd]/g, "#")));
});

Deno.test("findSubject() gives edges that are mixed with magenta a color nearby", () => {
  const rows = BALL.map((row) => row.replace(/[sd]/g, "."));
  rows[2] = "..m####.";
  rows[3] = "..v####.";
  const mixed: Rgb = [222, 18, 120];
  // Brighter than magenta and red.
  const violet: Rgb = [200, 140, 255];
  const image = draw(rows, { ".": MAGENTA, "#": RED, "m": mixed, "v": violet });
  const { inside, image: clean } = findSubject(image, SIZE, MAGENTA);
  assert.deepEqual(shown(inside), rows.map((row) => row.replace(/[mv]/g, "#")));
  assert.deepEqual(colorAt(clean, 2, 2), RED);
  assert.deepEqual(colorAt(clean, 3, 2), violet);
});

const FLASK = [
  "........",
  ".######.",
  ".#gggg#.",
  ".#gggg#.",
  ".#pgdd#.",
  ".######.",
  ".######.",
  "........",
];
const filled = FLASK.map((row) => row.replace(/[gpd]/g, "#"));

Deno.test("findSubject() keeps enclosed glass, which is tinted everywhere, as before white", () => {
  const glass: Rgb = [230, 0, 230];
  const pink: Rgb = [220, 120, 220];
  const dark: Rgb = [140, 0, 140];
  const image = draw(FLASK, { ".": MAGENTA, "#": RED, "g": glass, "p": pink, "d": dark });
  const { inside, image: clean } = findSubject(image, SIZE, MAGENTA);
  assert.deepEqual(shown(inside), filled);
  assert.deepEqual(colorAt(clean, 2, 3), [230, 230, 230]);
  // Its dark parts, and what is mixed beside it, too.
  assert.deepEqual(colorAt(clean, 4, 5), [140, 140, 140]);
  assert.deepEqual(colorAt(clean, 4, 2), [220, 220, 220]);
});

Deno.test("findSubject() cuts a small tinted area: blur tints small holes", () => {
  // Three of 256 pixels.
  const size = { height: 16, width: 16 };
  const gap = Array.from(
    { length: 16 },
    (_, y) => y < 8 ? FLASK[y]!.replace(/[gpd]/g, "#") + "........" : ".".repeat(16),
  );
  gap[2] = ".#ggg##.........";
  const image = draw(gap, { ".": MAGENTA, "#": RED, "g": [230, 0, 230] }, size);
  const { inside } = findSubject(image, size, MAGENTA);
  assert.deepEqual(shown(inside, size), gap.map((row) => row.replaceAll("g", ".")));
});

Deno.test("findSubject() cuts an enclosed area that shows magenta alone, and its shadow", () => {
  const ring = ["........", "..####..", "..#gs#..", "..#gs#..", ...FLASK.slice(5), "........"];
  const image = draw(ring, { ".": MAGENTA, "#": RED, "g": [252, 2, 251], "s": [140, 0, 140] });
  const { inside } = findSubject(image, SIZE, MAGENTA);
  assert.deepEqual(shown(inside), ring.map((row) => row.replace(/[gs]/g, ".")));
});

Deno.test("findSubject() leaves an enclosed purple as it is", () => {
  const purple: Rgb = [200, 0, 200];
  const image = draw(FLASK, { ".": MAGENTA, "#": RED, "g": purple, "p": purple, "d": purple });
  const { inside, image: clean } = findSubject(image, SIZE, MAGENTA);
  assert.deepEqual(shown(inside), filled);
  assert.deepEqual(colorAt(clean, 2, 3), purple);
});

Deno.test("findSubject() takes a violet near magenta for the subject's, not for a hole or glass", () => {
  const violet: Rgb = [240, 30, 255];
  const image = draw(FLASK, { ".": MAGENTA, "#": RED, "g": violet, "p": RED, "d": [255, 75, 255] });
  const { inside, image: clean } = findSubject(image, SIZE, MAGENTA);
  assert.deepEqual(shown(inside), filled);
  assert.deepEqual(colorAt(clean, 2, 3), violet);
});

Deno.test("findSubject() cuts enclosed areas before a dull blue, tinted or not", () => {
  const image = draw(FLASK, { ".": BLUE, "#": RED, "g": [54, 74, 172], "p": RED, "d": RED });
  const { inside } = findSubject(image, SIZE, BLUE);
  assert.deepEqual(
    shown(inside),
    FLASK.map((row) => row.replaceAll("g", ".").replace(/[pd]/g, "#")),
  );
});

Deno.test("findSubject() does not color a speck of background that the subject keeps", () => {
  const speck = FLASK.map((row, y) => y === 2 ? ".#m####." : row.replace(/[gpd]/g, "#"));
  const image = draw(speck, { ".": MAGENTA, "#": RED, "m": MAGENTA });
  const { inside, colored } = findSubject(image, SIZE, MAGENTA);
  assert.deepEqual(shown(inside), filled);
  assert.deepEqual(shown(colored), speck.map((row) => row.replace("m", ".")));
});

Deno.test("findSubject() does not color a speck of shadow, and leaves purple beside it", () => {
  const purple: Rgb = [90, 0, 90];
  const rows = FLASK.map((row, y) => y === 2 ? ".#sp###." : row.replace(/[gpd]/g, "#"));
  const image = draw(rows, { ".": MAGENTA, "#": RED, "s": [160, 0, 160], "p": purple });
  const { inside, colored, image: clean } = findSubject(image, SIZE, MAGENTA);
  assert.deepEqual(shown(inside), filled);
  assert.deepEqual(shown(colored), rows.map((row) => row.replace("s", ".").replace("p", "#")));
  assert.deepEqual(colorAt(clean, 2, 3), purple);
});
