import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeImage } from "../../../../lib/image/formats/decode_image.ts";
import { parseHex } from "../../../../lib/palette/formats/hex.ts";
import { Palette } from "../../../../lib/palette/palette.ts";
import { VideoWriter } from "../../../../lib/video/formats/video_writer.ts";
import { readPngChunks } from "../../../../lib/image/png_chunks.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";

const PALETTE = parseHex("ff0000\n00ff00\n000000", "rgb");
const SIZE = { height: 2, width: 3 };
/** Index 3 is transparent; the second frame clears what the first one drew. */
const FRAMES = [[0, 3, 1, 3, 2, 3], [3, 0, 3, 3, 2, 1]];

async function write(path: string): Promise<Uint8Array> {
  const options = { ...SIZE, palette: PALETTE, videoSize: SIZE, fps: 10 };
  await using video = await VideoWriter.open(path, { ...options, hasTransparentIndex: true });
  for (const frame of FRAMES) await video.add(frame);
  await video.finish();
  return await Deno.readFile(path);
}

const alphaOf = (data: Uint8Array) => Array.from({ length: 6 }, (_, i) => data[i * 4 + 3]! / 255);

for (const extension of ["gif", "apng"]) {
  Deno.test(`${extension} keeps the transparent class`, async () => {
    await inTemporaryFolder(async (folder) => {
      const bytes = await write(join(folder, `v.${extension}`));
      const image = await decodeImage(bytes, { name: "v" });
      assert.deepEqual(alphaOf(image.data), FRAMES[0]!.map((k) => k === 3 ? 0 : 1));
      assert.deepEqual([...image.data.subarray(0, 3)], [255, 0, 0]);
    });
  });
}

Deno.test("a transparent GIF clears each frame, with the last color as the transparent one", async () => {
  await inTemporaryFolder(async (folder) => {
    const bytes = await write(join(folder, "v.gif"));
    const controls = [...bytes.keys()]
      .filter((i) => bytes[i] === 0x21 && bytes[i + 1] === 0xf9 && bytes[i + 2] === 4);
    assert.equal(controls.length, 2);
    for (const at of controls) {
      // Disposal 2, transparent; source: GIF89a, section 23.
      assert.deepEqual([bytes[at + 3]! >> 2 & 7, bytes[at + 3]! & 1, bytes[at + 6]], [2, 1, 3]);
    }
  });
});

Deno.test("a transparent APNG replaces alpha, too, in what a frame covers", async () => {
  await inTemporaryFolder(async (folder) => {
    const controls = [...readPngChunks(await write(join(folder, "v.apng")))]
      .filter(({ type }) => type === "fcTL");
    // No disposal, and "source": the values are not laid over what was there.
    assert.deepEqual(controls.map(({ data }) => [data[24], data[25]]), [[0, 0], [0, 0]]);
  });
});

Deno.test("a GIF refuses 256 colors and transparency", async () => {
  await inTemporaryFolder(async (folder) => {
    const palette = new Palette("many", new Uint8Array(3 * 256));
    const options = { ...SIZE, palette, hasTransparentIndex: true };
    await assert.rejects(VideoWriter.open(join(folder, "v.gif"), options), {
      message: /a GIF with transparency holds 255 colors, "many" has 256/,
    });
  });
});
