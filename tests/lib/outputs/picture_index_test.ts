import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { Image, type Rgb } from "../../../lib/image/image.ts";
import {
  type MadePicture,
  rankPictures,
  writePictureIndex,
} from "../../../lib/outputs/picture_index.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const RED: Rgb = [255, 0, 0];

function picture(number: number, part: Partial<MadePicture> = {}): MadePicture {
  return {
    number,
    prompt: "a cat",
    palette: "two",
    seed: number,
    folder: `${number}`,
    step: 9,
    image: Image.filled({ height: 16, width: 32 }, RED),
    score: 0,
    isComplete: true,
    ...part,
  };
}

Deno.test("rankPictures() puts the best score first, and what has none last", () => {
  const pictures = [
    picture(1, { score: undefined, isComplete: false }),
    picture(2, { score: NaN }),
    picture(3, { score: -1 }),
    picture(4, { score: 2 }),
    picture(5, { score: -1 }),
    picture(6, { score: undefined }),
  ];
  assert.deepEqual(rankPictures(pictures).map(({ number }) => number), [4, 3, 5, 2, 6, 1]);
});

Deno.test("writePictureIndex() enlarges complete pictures by a whole factor, and shrinks none", () =>
  inTemporaryFolder(async (folder) => {
    const made = [
      picture(1, { prompt: "a dog in a very large and very green garden" }),
      picture(2),
    ];
    const { sheet } = await writePictureIndex(folder, made, [...made, picture(3)]);
    const small = await decodeImage(await Deno.readFile(sheet!));
    // Five times 16 x 32 pixels, side by side, over two lines and two of the prompt.
    assert.equal(small.width, 16 + 160 + 12 + 160 + 16);
    assert.equal(small.height, 16 + 80 + 4 * 12 + 16);
    assert.equal(countOf(small, RED), 2 * 25 * 16 * 32);
    const large = Image.filled({ height: 200, width: 180 }, RED);
    await writePictureIndex(folder, [picture(1, { image: large })], []);
    const one = await decodeImage(await Deno.readFile(sheet!));
    assert.equal(countOf(one, RED), 200 * 180);
    // Nothing is complete: the index tells, and there is nothing to show.
    const other = join(folder, "other");
    await Deno.mkdir(other);
    const begun = picture(1, { isComplete: false, score: undefined });
    const files = await writePictureIndex(other, [begun], []);
    assert.equal(files.sheet, undefined);
    const { pictures } = JSON.parse(await Deno.readTextFile(files.index));
    assert.deepEqual([pictures[0].rank, pictures[0].score, pictures[0].complete], [
      null,
      null,
      false,
    ]);
  }));

function countOf({ data }: Image, [red, green, blue]: Rgb): number {
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] === red && data[i + 1] === green && data[i + 2] === blue) count++;
  }
  return count;
}
