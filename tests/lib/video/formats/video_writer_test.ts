import assert from "node:assert/strict";
import process from "node:process";
import { basename, join } from "node:path";
import { Image, type ImageSize } from "../../../../lib/image/image.ts";
import { OutputError } from "../../../../lib/files/output_error.ts";
import { type VideoOptions, VideoWriter } from "../../../../lib/video/formats/video_writer.ts";
import { latticePalette } from "../../../../lib/palette/lattice.ts";
import type { Palette } from "../../../../lib/palette/palette.ts";
import { parseHex } from "../../../../lib/palette/formats/hex.ts";
import { assertEnlarged, peakSignalToNoise } from "../../../support/compare_frames.ts";
import { readApng } from "../../../support/read_apng.ts";
import { readGif } from "../../../support/read_gif.ts";
import { decodeMp4, readBoxes, words } from "../../../support/read_mp4.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";

// Saturated neighbors are the worst that shared color can meet.
const PALETTE = parseHex("ff0000\n00ff00\n0000ff\nffff00\nff00ff\n00ffff\n000000\nffffff", "rgb");
const SIZE: ImageSize = { height: 5, width: 7 };

/** Makes frames of which each differs from the one before in a few pixels. */
function drawFrames(count: number, size: ImageSize, colors: number): Uint32Array[] {
  let state = 1;
  const draw = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  const indices = Uint32Array.from({ length: size.height * size.width }, () => draw(colors));
  return Array.from({ length: count }, () => {
    for (let i = 0; i < 3; i++) indices[draw(indices.length)] = draw(colors);
    return indices.slice();
  });
}

async function writeVideo(
  path: string,
  frames: readonly ArrayLike<number>[],
  options: VideoOptions,
): Promise<Uint8Array> {
  await using video = await VideoWriter.open(path, options);
  for (const frame of frames) await video.add(frame);
  assert.equal(video.frames, frames.length);
  await video.finish();
  return await Deno.readFile(path);
}

const TABLE = "moov/trak/mdia/minf/stbl";

for (
  const { size, videoSize, factor, minRatio } of [
    { size: SIZE, videoSize: { height: 81, width: 97 }, factor: 12, minRatio: 46 },
    {
      size: { height: 11, width: 9 },
      videoSize: { height: 90, width: 75 },
      factor: 8,
      minRatio: 46,
    },
    {
      size: { height: 20, width: 9 },
      videoSize: { height: 50, width: 60 },
      factor: 2,
      minRatio: 40,
    },
  ]
) {
  Deno.test(`VideoWriter writes an MP4 in the palette's colors at factor ${factor}`, async () => {
    await inTemporaryFolder(async (folder) => {
      const frames = drawFrames(6, size, PALETTE.size);
      const options = { ...size, palette: PALETTE, videoSize, fps: 25 };
      const bytes = await writeVideo(join(folder, "v.mp4"), frames, options);
      await using again = await VideoWriter.open(join(folder, "w.mp4"), options);
      const { layout } = again;
      assert.equal(layout.factor, factor);
      let count = 0;
      for (const frame of decodeMp4(bytes)) {
        const image = Image.fromIndices(size, frames[count++]!, PALETTE.colors);
        const ratio = peakSignalToNoise(frame, { ...layout, image, size: layout });
        assert(ratio >= minRatio, `frame ${count} is kept to ${ratio.toFixed(1)} dB`);
      }
      assert.equal(count, frames.length);
    });
  });
}

Deno.test("VideoWriter tags an MP4 with its colors, size and times", async () => {
  await inTemporaryFolder(async (folder) => {
    const videoSize = { height: 60, width: 70 };
    const frames = drawFrames(3, SIZE, PALETTE.size);
    const options = { ...SIZE, palette: PALETTE, videoSize, fps: 24 };
    const boxes = readBoxes(await writeVideo(join(folder, "v.MP4"), frames, options));
    const entry = boxes.get(`${TABLE}/stsd/avc1`)!;
    assert.deepEqual([...entry.subarray(24, 28)], [0, 70, 0, 60], "width and height");
    // Source: ITU-T H.273: 1 is BT.709 for primaries, transfer and matrix; 0 is limited range.
    const colors = boxes.get(`${TABLE}/stsd/avc1/colr`)!;
    assert.equal(new TextDecoder().decode(colors.subarray(0, 4)), "nclx");
    assert.deepEqual([...colors.subarray(4)], [0, 1, 0, 1, 0, 1, 0]);
    const [, , , ticksASecond] = words(boxes.get("moov/trak/mdia/mdhd")!);
    const [, , count, duration] = words(boxes.get(`${TABLE}/stts`)!);
    assert.equal(count, 3);
    assert.equal(duration! / ticksASecond!, 1 / 24);
  });
});

Deno.test("VideoWriter joins the parts in which a long MP4 is encoded", async () => {
  await inTemporaryFolder(async (folder) => {
    const size = { height: 2, width: 2 };
    const frames = drawFrames(500, size, PALETTE.size);
    const options = { ...size, palette: PALETTE, videoSize: { height: 16, width: 16 }, fps: 30 };
    const bytes = await writeVideo(join(folder, "v.mp4"), frames, options);
    let count = 0;
    for (const frame of decodeMp4(bytes)) {
      const image = Image.fromIndices(size, frames[count++]!, PALETTE.colors);
      const place = { image, factor: 8, top: 0, left: 0, size: frame };
      assert(peakSignalToNoise(frame, place) > 40, `frame ${count}`);
    }
    assert.equal(count, 500);
    const keys = words(readBoxes(bytes).get(`${TABLE}/stss`)!).slice(2);
    assert.deepEqual(keys, Array.from({ length: 17 }, (_, i) => 1 + 30 * i));
  });
});

Deno.test("VideoWriter writes mixtures as MP4, several files concurrently", async () => {
  await inTemporaryFolder(async (folder) => {
    const videoSize = { height: 56, width: 56 };
    const frames = Array.from(
      { length: 4 },
      (_, n) => Float32Array.from({ length: 105 }, (_, i) => ((i * 37 + n * 5) % 101) / 100),
    );
    const options = { ...SIZE, videoSize };
    const [first, second] = await Promise.all(
      ["a.mp4", "b.mp4"].map((name) => writeVideo(join(folder, name), frames, options)),
    );
    for (const bytes of [first!, second!]) {
      let count = 0;
      for (const frame of decodeMp4(bytes)) {
        const image = Image.fromFloats(SIZE, frames[count++]!);
        const place = { image, factor: 8, top: 8, left: 0, size: videoSize };
        assert(peakSignalToNoise(frame, place) > 44);
      }
      assert.equal(count, 4);
    }
  });
});

Deno.test("VideoWriter leaves what happens to failed promises as it is", async () => {
  await inTemporaryFolder(async (folder) => {
    await writeVideo(join(folder, "v.mp4"), drawFrames(1, SIZE, 8), { ...SIZE, palette: PALETTE });
    assert.equal(process.listenerCount("unhandledRejection"), 0);
    assert.equal(process.listenerCount("uncaughtException"), 0);
  });
});

Deno.test("VideoWriter writes a GIF in exactly the palette's colors and length", async () => {
  await inTemporaryFolder(async (folder) => {
    const [a, b, c, d] = drawFrames(4, SIZE, PALETTE.size);
    const frames = [a!, b!, b!, b!, c!, d!];
    const options = { ...SIZE, palette: PALETTE, videoSize: { height: 16, width: 100 }, fps: 30 };
    const gif = readGif(await writeVideo(join(folder, "v.gif"), frames, options));
    assert.deepEqual([gif.height, gif.width, gif.repeat], [15, 21, 0]);
    assert.deepEqual([...gif.colors], [...PALETTE.colors]);
    assert.deepEqual(gif.frames.map(({ delay }) => delay), [3, 10, 4, 3]);
    gif.frames.forEach(({ indices }, n) => {
      const expected = [a, b, c, d][n]!;
      indices.forEach((index, i) => {
        const [y, x] = [Math.floor(i / 21), i % 21];
        assert.equal(index, expected[Math.floor(y / 3) * 7 + Math.floor(x / 3)]);
      });
    });
  });
});

Deno.test("VideoWriter writes GIFs of one color to 256, and leaves out frames at a high rate", async () => {
  await inTemporaryFolder(async (folder) => {
    for (const count of [1, 2, 3, 256]) {
      const palette = parseHex(
        Array.from({ length: count }, (_, i) => (i * 65793).toString(16).padStart(6, "0"))
          .join("\n"),
        "grays",
      );
      const size = { height: 31, width: 33 };
      const frames = drawFrames(2, size, count);
      const options = { ...size, palette, videoSize: size, fps: 10 };
      const gif = readGif(await writeVideo(join(folder, `${count}.gif`), frames, options));
      assert.deepEqual([...gif.colors.subarray(0, count * 3)], [...palette.colors]);
      assert.deepEqual([...gif.frames.at(-1)!.indices], [...frames[1]!]);
    }
    const fast = drawFrames(120, SIZE, PALETTE.size);
    const options = { ...SIZE, palette: PALETTE, videoSize: SIZE, fps: 120 };
    const { frames } = readGif(await writeVideo(join(folder, "fast.gif"), fast, options));
    assert(frames.every(({ delay }) => delay >= 2));
    assert.equal(frames.reduce((sum, { delay }) => sum + delay, 0), 100);
    assert.deepEqual([...frames.at(-1)!.indices], [...fast.at(-1)!]);
  });
});

for (const palette of [PALETTE, latticePalette(7)]) {
  Deno.test(`VideoWriter writes an animated PNG of ${palette.size} colors exactly`, async () => {
    await inTemporaryFolder(async (folder) => {
      const [a, b, c] = drawFrames(3, SIZE, palette.size);
      const given = [a!, a!, b!, c!, c!, c!];
      const options = { ...SIZE, palette, videoSize: { height: 25, width: 40 }, fps: 30 };
      const read = readApng(await writeVideo(join(folder, "v.png"), given, options));
      assert.deepEqual(read.palette, palette.size > 256 ? undefined : palette.colors);
      // FFmpeg 5.1 draws smaller frames as stripes if an index has fewer bits.
      assert.equal(read.depth, 8);
      assert.deepEqual(read.frames.map(({ seconds }) => seconds), [2 / 30, 1 / 30, 3 / 30]);
      read.frames.forEach(({ image }, n) =>
        assertEnlarged(image, Image.fromIndices(SIZE, [a, b, c][n]!, palette.colors), 5)
      );
    });
  });
}

Deno.test("VideoWriter writes mixtures as animated PNG, larger than wanted if need be", async () => {
  await inTemporaryFolder(async (folder) => {
    const frames = [0.2, 0.4].map((value) => new Float32Array(105).fill(value).fill(1, 50));
    const options = { ...SIZE, videoSize: { height: 2, width: 2 } };
    const read = readApng(await writeVideo(join(folder, "v.apng"), frames, options));
    assert.equal(read.frames.length, 2);
    read.frames.forEach(({ image }, n) =>
      assertEnlarged(image, Image.fromFloats(SIZE, frames[n]!), 1)
    );
  });
});

Deno.test("VideoWriter leaves no file behind unless it is finished", async () => {
  await inTemporaryFolder(async (folder) => {
    for (const name of ["a.mp4", "a.gif", "a.png"]) {
      const path = join(folder, name);
      await Deno.writeTextFile(path, "old");
      {
        await using video = await VideoWriter.open(path, { ...SIZE, palette: PALETTE });
        await video.add(new Uint32Array(35));
        assert.equal([...Deno.readDirSync(folder)].length, 2);
      }
      {
        await using video = await VideoWriter.open(path, { ...SIZE, palette: PALETTE });
        await assert.rejects(video.finish(), /Cannot write ".*": no frame was added$/);
      }
      assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name), [basename(path)]);
      assert.equal(await Deno.readTextFile(path), "old");
      await Deno.remove(path);
    }
  });
});

Deno.test("VideoWriter says what it cannot write", async () => {
  await inTemporaryFolder(async (folder) => {
    const open = (name: string, palette?: Palette, fps = 30) =>
      VideoWriter.open(join(folder, name), { ...SIZE, ...palette && { palette }, fps });
    const cases: [Promise<VideoWriter>, RegExp][] = [
      [open("v.avi"), /expected a name that ends in one of \.mp4, \.gif, \.png, \.apng/],
      [open("v.gif"), /a GIF holds palette colors only; choose \.mp4/],
      [open("v.gif", latticePalette(7)), /a GIF holds 256 colors, "7_7_7_lattice" has 343/],
      [open("v.mp4", PALETTE, 0), /expected 1 to 240 frames a second, got 0$/],
      [open("none/v.mp4"), /there is no such file or folder$/],
    ];
    for (const [opening, message] of cases) {
      await assert.rejects(opening, (error: Error) => {
        assert(error instanceof OutputError);
        assert.match(error.message, message);
        return true;
      });
    }
    await using video = await open("v.gif", PALETTE);
    await assert.rejects(video.add([1, 2]), /frame 0 of 5x7: expected 35 values, got 2$/);
    await assert.rejects(video.add(new Uint32Array(35).fill(8)), RangeError);
    assert.deepEqual([...Deno.readDirSync(folder)].length, 1, "only the open one");
  });
});
