import { type CraftName, CRAFTS } from "../../../lib/craft/craft.ts";
import type { Pattern } from "../../../lib/craft/pattern.ts";
import { createPattern } from "../../../lib/craft/create_pattern.ts";
import type { IndexedPicture } from "../../../lib/finish/indexed_picture.ts";
import { Palette } from "../../../lib/palette/palette.ts";

/** Materials with a name that XML and CSV must escape. */
export const THREE = new Palette(
  "three",
  Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255),
  [],
  [{ code: "R1", name: 'Red, <bright> & "hot"' }, { code: "G2", name: "Latté" }, {
    code: "B3",
    name: "Blue",
  }],
);

/** A picture of diagonals, whose upper left cell is empty. */
export function diagonals(height: number, width: number, palette = THREE): IndexedPicture {
  const indices = Uint32Array.from(
    { length: height * width },
    (_, i) => i === 0 ? palette.size : (i % width + Math.floor(i / width)) % palette.size,
  );
  return { height, width, palette, indices };
}

/** A pattern of {@linkcode diagonals}. */
export function patternOf(name: CraftName, height: number, width: number): Pattern {
  const craft = CRAFTS.find((one) => one.name === name)!;
  return createPattern(craft, diagonals(height, width), { title: `a & "b"` });
}
