import assert from "node:assert/strict";
import { dither } from "../../../lib/finish/dither.ts";
import { hasTransparency, type IndexedPicture } from "../../../lib/finish/indexed_picture.ts";
import { removeOrphans } from "../../../lib/finish/orphan_pixels.ts";
import { finishPicture } from "../../../lib/finish/finish_picture.ts";
import { outline, outlineColor } from "../../../lib/finish/outline.ts";
import { sharpenEdges } from "../../../lib/finish/sharp_edges.ts";
import { DITHER_PATTERNS, thresholdMap } from "../../../lib/finish/threshold_maps.ts";
import { Image } from "../../../lib/image/image.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { countOrphans } from "../../support/count_orphans.ts";

const GRAYS = new Palette("grays", Uint8Array.of(0, 0, 0, 100, 100, 100, 255, 255, 255));

/** Reads a picture from digits; "." is transparent. */
function pictureOf(...rows: string[]): IndexedPicture {
  const indices = Uint32Array.from(rows.join(""), (c) => c === "." ? GRAYS.size : Number(c));
  return { height: rows.length, width: rows[0]!.length, palette: GRAYS, indices };
}

function rowsOf({ width, palette, indices }: IndexedPicture): string[] {
  const text = Array.from(indices, (k) => k === palette.size ? "." : String(k)).join("");
  return text.match(new RegExp(`.{${width}}`, "g"))!;
}

Deno.test("outline() surrounds the opaque part, and draws no corners", () => {
  const picture = pictureOf(".....", "..1..", ".11..", ".....");
  assert.deepEqual(rowsOf(outline(picture, 0)), ["..0..", ".010.", "0110.", ".00.."]);
  assert.deepEqual(rowsOf(picture)[1], "..1..", "the given picture stays");
  assert.equal(outlineColor("auto", GRAYS), 0);
  assert.equal(outlineColor([250, 250, 250], GRAYS), 2);
  assert(hasTransparency(picture) && !hasTransparency(pictureOf("01")));
});

Deno.test("outline() continues at the opposite border of a tile, and its color can be excluded", () => {
  const picture = pictureOf("1...", "....", "....");
  assert.deepEqual(rowsOf(outline(picture, 0)), ["10..", "0...", "...."]);
  assert.deepEqual(rowsOf(outline(picture, 0, { x: true, y: false })), ["10.0", "0...", "...."]);
  assert.deepEqual(rowsOf(outline(picture, 0, { x: true, y: true })), ["10.0", "0...", "0..."]);
  assert.equal(outlineColor("auto", GRAYS, [0]), 1);
  assert.equal(outlineColor([0, 0, 0], GRAYS, [0, 1]), 2);
});

Deno.test("sharpenEdges() replaces a color between two areas by the nearer one, and no other", () => {
  // Color 1 lies between black and white, a little nearer to white in OKLab.
  assert.deepEqual(rowsOf(sharpenEdges(pictureOf("00122"))), ["00222"]);
  assert.deepEqual(rowsOf(sharpenEdges(pictureOf("22100"))), ["22200"], "mirrored");
  const column = sharpenEdges(pictureOf("0", "0", "1", "2", "2"));
  assert.deepEqual(rowsOf(column).join(""), "00222");
  for (const rows of [["001122"], ["01222"], ["..122"], ["00100"], ["11.22"], ["11022"]]) {
    assert.deepEqual(rowsOf(sharpenEdges(pictureOf(...rows))), rows);
  }
});

Deno.test("finishPicture() sharpens edges before it draws an outline", () => {
  const picture = pictureOf(".00122.");
  assert.deepEqual(rowsOf(finishPicture(picture, { outline: 1 })), ["1001221"]);
  const finished = finishPicture(picture, { antialias: false, outline: 1 });
  assert.deepEqual(rowsOf(finished), ["1002221"]);
  assert.equal(finishPicture(picture, {}), picture);
});

Deno.test("dither() uses only the colors that are allowed", () => {
  const image = Image.filled({ height: 4, width: 4 }, [50, 50, 50]);
  const indices = dither(image, GRAYS, { pattern: "bayer4", allowed: [0, 2] });
  assert.deepEqual([...new Set(indices)].sort(), [0, 2]);
});

Deno.test("removeOrphans() fills single pixels and holes from their neighbors, and no others", () => {
  const picture = pictureOf("1110", "1210", "1.00", "1111");
  assert.equal(countOrphans(picture), 2);
  assert.deepEqual(rowsOf(removeOrphans(picture)), ["1110", "1110", "1100", "1111"]);
  assert.deepEqual(rowsOf(removeOrphans(pictureOf("2"))), ["2"], "a single pixel has no neighbor");
});

Deno.test("threshold maps hold each threshold once, and blue noise has no low frequencies", () => {
  for (const pattern of DITHER_PATTERNS) {
    const { size, thresholds } = thresholdMap(pattern);
    const sorted = [...thresholds].sort((a, b) => a - b);
    assert.deepEqual(sorted, sorted.map((_, i) => (i + 0.5) / size ** 2), pattern);
  }
  // Source: Bayer 1973, the matrix of order 2.
  assert.deepEqual([...thresholdMap("bayer2").thresholds].map((t) => t * 4 - 0.5), [0, 2, 3, 1]);
  const { size, thresholds } = thresholdMap("blue-noise");
  const power = (fx: number, fy: number) => {
    let [re, im] = [0, 0];
    for (const [i, value] of thresholds.entries()) {
      const angle = 2 * Math.PI * (fx * (i % size) + fy * Math.floor(i / size)) / size;
      re += (value - 0.5) * Math.cos(angle);
      im += (value - 0.5) * Math.sin(angle);
    }
    return re * re + im * im;
  };
  const low = power(1, 0) + power(0, 1) + power(1, 1) + power(2, 1);
  const high = power(13, 0) + power(0, 13) + power(11, 11) + power(12, 9);
  // White noise would have a ratio of 1.
  assert(low < high / 20, `${low} against ${high}`);
});

Deno.test("dither() keeps the mean of a color that the palette lacks, by its neighbors in it", () => {
  const size = { height: 32, width: 32 };
  for (const [gray, wanted] of [[50, [0, 1]], [178, [1, 2]], [100, [1]]] as const) {
    const image = Image.filled(size, [gray, gray, gray]);
    for (const pattern of DITHER_PATTERNS) {
      const indices = dither(image, GRAYS, { pattern });
      const mean = indices.reduce((sum, k) => sum + GRAYS.at(k)[0], 0) / indices.length;
      // 16 candidates are one sixteenth of the distance of two colors apart.
      assert(Math.abs(mean - gray) <= 155 / 16, `${pattern}: ${mean} instead of ${gray}`);
      assert.deepEqual([...new Set(indices)].sort(), wanted);
    }
    const plain = dither(image, GRAYS, { pattern: "bayer8", strength: 0 });
    assert.equal(new Set(plain).size, 1, "strength 0 gives the nearest color");
  }
  const image = Image.filled(size, [0, 0, 0]);
  assert.throws(
    () => dither(image, GRAYS, { pattern: "bayer2", strength: 2 }),
    /expected a strength in \[0, 1\], got 2/,
  );
});
