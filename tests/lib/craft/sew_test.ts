import assert from "node:assert/strict";
import { CRAFTS } from "../../../lib/craft/craft.ts";
import { createPattern } from "../../../lib/craft/create_pattern.ts";
import type { IndexedPicture } from "../../../lib/finish/indexed_picture.ts";
import { countStitches } from "../../../lib/craft/stitches.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { diagonals, THREE } from "./patterns.ts";

const EMBROIDERY = CRAFTS.find(({ name }) => name === "embroidery")!;
const CELL = 25;

/** A picture of letters: "." is empty, "a", "b" and "c" are colors. */
function drawn(...rows: readonly string[]): IndexedPicture {
  const letters = [...rows.join("")];
  const indices = letters.map((letter) => letter === "." ? 3 : letter.charCodeAt(0) - 97);
  return {
    height: rows.length,
    width: rows[0]!.length,
    palette: THREE,
    indices: Uint32Array.from(indices),
  };
}

const sewn = (picture: IndexedPicture, underlay = false) =>
  createPattern(EMBROIDERY, picture, { title: "x", underlay }).hoops;

/** For each cell of a hoop the share of its area that stitches of its color cover, 0.4 mm wide. */
function coverage(picture: IndexedPicture): number[] {
  const [hoop] = sewn(picture);
  const [width, height] = [picture.width * CELL, picture.height * CELL];
  const grid = new Int32Array(width * height).fill(-1);
  for (const { thread, commands } of hoop!.blocks) {
    let from: { x: number; y: number } | undefined;
    for (const command of commands) {
      if (command.kind === "trim") continue;
      const to = { x: command.x + Math.round(width / 2), y: command.y + Math.round(height / 2) };
      if (command.kind === "stitch" && from !== undefined) {
        const steps = 2 * Math.ceil(Math.hypot(to.x - from.x, to.y - from.y)) + 1;
        for (let i = 0; i <= steps; i++) {
          const x = Math.round(from.x + (to.x - from.x) * i / steps);
          const y = Math.round(from.y + (to.y - from.y) * i / steps);
          for (let dy = -2; dy < 2; dy++) {
            if (x >= 0 && x < width && y + dy >= 0 && y + dy < height) {
              grid[(y + dy) * width + x] = thread.index;
            }
          }
        }
      }
      from = to;
    }
  }
  return Array.from(picture.indices, (index, i) => {
    const [row, column] = [Math.floor(i / picture.width), i % picture.width];
    let covered = 0;
    for (let y = row * CELL; y < (row + 1) * CELL; y++) {
      for (let x = column * CELL; x < (column + 1) * CELL; x++) {
        if (grid[y * width + x] === (index === picture.palette.size ? -1 : index)) covered++;
      }
    }
    return covered / CELL ** 2;
  });
}

const SHAPES = [
  "aaaaaaaa",
  "abbbaaca",
  "ab.baaca",
  "abbbaa.a",
  "aaaaaaaa",
  "..aa..cc",
];

Deno.test("stitches cover the cells of their color, and leave empty ones", () => {
  const picture = drawn(...SHAPES);
  for (const [i, share] of coverage(picture).entries()) {
    // Rows go 0.2 mm beyond their cells, since fabric gives way, and the first and the last lie 0.1
    // mm beyond: an empty cell of 2.5 mm between cells keeps (1 - 0.4 / 2.5) (1 - 0.2 / 2.5).
    const min = picture.indices[i] === 3 ? 0.7 : 0.85;
    assert(share >= min, `cell ${i}: ${share}`);
  }
});

Deno.test("stitches are from 0.4 to 12.1 mm, and only locks are shorter than a row's step", () => {
  for (const picture of [drawn(...SHAPES), diagonals(20, 30)]) {
    for (const underlay of [false, true]) {
      const blocks = sewn(picture, underlay).flatMap(({ blocks }) => blocks);
      assert(countStitches(blocks).shortest >= 0.3, `${countStitches(blocks).shortest} mm`);
      for (const { commands } of blocks) {
        assert.equal(commands[0]!.kind, "jump");
        assert.equal(commands.at(-1)!.kind, "trim");
        for (const [i, command] of commands.entries()) {
          const last = commands[i - 1];
          if (command.kind !== "stitch" || last === undefined || last.kind === "trim") continue;
          assert(Math.hypot(command.x - last.x, command.y - last.y) <= 121);
        }
      }
    }
  }
});

Deno.test("a connected region is sewn without a jump, and one thread follows the other once", () => {
  const [hoop] = sewn(drawn("aaaaa", "a.b.a", "aabaa", "a.b.a", "aaaaa"));
  const { jumps, trims } = countStitches(hoop!.blocks);
  assert.equal(hoop!.blocks.length, 2);
  assert.deepEqual({ jumps, trims }, { jumps: 0, trims: 2 });
});

Deno.test("near regions are joined by a jump, far ones are cut", () => {
  const near = countStitches(sewn(drawn("a.", ".a"))[0]!.blocks);
  assert.deepEqual([near.jumps, near.trims], [1, 1]);
  const far = countStitches(sewn(drawn("a...a"))[0]!.blocks);
  assert.deepEqual([far.jumps, far.trims], [1, 2]);
});

Deno.test("no hoop is larger than 100 x 100 mm, and empty ones are left out", () => {
  const picture = diagonals(41, 81);
  picture.indices.fill(3, 40 * 81, 40 * 81 + 80);
  const hoops = sewn(picture);
  assert.equal(hoops.length, 4, "of 6 hoops, two are empty");
  for (const { blocks } of hoops) {
    for (const command of blocks.flatMap(({ commands }) => commands)) {
      if (command.kind !== "trim") assert(Math.max(...[command.x, command.y].map(Math.abs)) <= 500);
    }
  }
});

Deno.test("an underlay adds stitches below a fill", () => {
  const picture = drawn("aaaa", "aaaa");
  const [plain, laid] = [false, true].map((underlay) =>
    countStitches(sewn(picture, underlay)[0]!.blocks)
  );
  assert(laid!.stitches > plain!.stitches && laid!.stitches < 1.7 * plain!.stitches);
});

Deno.test("more than 64 threads are refused", () => {
  const palette = new Palette("many", Uint8Array.from({ length: 65 * 3 }, (_, i) => i));
  const picture = {
    height: 1,
    width: 65,
    palette,
    indices: Uint32Array.from({ length: 65 }, (_, i) => i),
  };
  assert.throws(() => sewn(picture), /at most 64 threads, got 65; use --max-colors/);
});
