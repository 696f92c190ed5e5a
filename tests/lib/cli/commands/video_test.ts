import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeIndexedPng, encodePng } from "../../../../lib/image/encode_png.ts";
import { enlargeIndices, enlargeNearest } from "../../../../lib/image/enlarge_nearest.ts";
import { Image, type ImageSize } from "../../../../lib/image/image.ts";
import type { FlagsOf } from "../../../../lib/cli/flags/flag_table.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { videoCommand } from "../../../../lib/cli/commands/video.ts";
import { writeCheckpoint } from "../../../../lib/outputs/checkpoint_file.ts";
import { writeRunVideos } from "../../../../lib/outputs/video_from_run.ts";
import { listRunFrames } from "../../../../lib/outputs/run_frames.ts";
import { latticePalette } from "../../../../lib/palette/lattice.ts";
import type { Palette } from "../../../../lib/palette/palette.ts";
import { parseHex } from "../../../../lib/palette/formats/hex.ts";
import { assertEnlarged, peakSignalToNoise } from "../../../support/compare_frames.ts";
import { readApng } from "../../../support/read_apng.ts";
import { readGif } from "../../../support/read_gif.ts";
import { decodeMp4 } from "../../../support/read_mp4.ts";
import { fakeCheckpoint } from "../../run/fake_checkpoint.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";

const SIZE: ImageSize = { height: 8, width: 12 };
// One color twice, and in no order.
const PALETTE = parseHex("ff0000\n00ff00\n0000ff\nff0000\nffffff\n102030", "six");
const STEPS = [2, 4, 9];

/** Palette indices after a step: each step changes other pixels. */
function indicesAt(step: number, palette: Palette): Uint32Array {
  return Uint32Array.from({ length: 96 }, (_, i) => (i * step + (i >> 3)) % palette.size);
}

function mixtureAt(step: number): Image {
  const values = Float32Array.from({ length: 288 }, (_, i) => ((i * 37 + step * 5) % 101) / 100);
  return Image.fromFloats(SIZE, values);
}

interface MadeRun {
  readonly palette?: Palette;
  /** Step of the last checkpoint and of the picture at the end. */
  readonly end?: number;
  readonly saveSteps?: number;
  readonly steps?: readonly number[];
}

/** Writes what a run leaves, enlarged by 4 on the way. */
async function makeRun(folder: string, made: MadeRun = {}): Promise<void> {
  const { palette = PALETTE, end = 11, saveSteps = 2, steps = STEPS } = made;
  await Deno.mkdir(join(folder, "png_logs"), { recursive: true });
  const config = [
    "generator:",
    ...["  image_H: 8", "  image_W: 12"],
    "training:",
    ...["  steps: 11", `  save_steps: ${saveSteps}`],
  ];
  await Deno.writeTextFile(join(folder, "config.yaml"), `${config.join("\n")}\n`);
  const hard = (step: number, factor: number) => {
    const indices = indicesAt(step, palette);
    if (palette.size > 256) {
      return encodePng(enlargeNearest(Image.fromIndices(SIZE, indices, palette.colors), factor));
    }
    const size = { height: 8 * factor, width: 12 * factor };
    return encodeIndexedPng(size, enlargeIndices(SIZE, indices, factor), palette.colors);
  };
  for (const step of steps) {
    const path = join(folder, "png_logs", String(step));
    await Deno.writeFile(`${path}_hard.png`, hard(step, 4));
    await Deno.writeFile(`${path}_hard_gumbel.png`, hard(step + 1, 4));
    await Deno.writeFile(`${path}_soft.png`, encodePng(enlargeNearest(mixtureAt(step), 4)));
  }
  await Deno.writeFile(join(folder, "final_argmax.png"), hard(end, 1));
  await Deno.writeFile(join(folder, "final_softmax.png"), encodePng(mixtureAt(end)));
  await writeCheckpoint(folder, fakeCheckpoint({ ...SIZE, palette, step: end, seed: 0 }));
}

async function video(folder: string, flags: FlagsOf<"video"> = {}): Promise<string> {
  let text = "";
  const terminal = createTerminal({ print: (part) => void (text += part) });
  assert.equal(await videoCommand(folder, flags, { out: terminal, status: terminal }), 0);
  return text;
}

function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

const ALL_STEPS = [...STEPS, 11];

Deno.test("video shows a run in each format, from its first kept picture to its end", () =>
  inTemporaryFolder(async (folder) => {
    await makeRun(folder);
    const before = namesIn(folder);
    const text = await video(folder, { format: "gif, APNG,mp4", videoSize: "32,48", fps: "10" });
    const made = namesIn(folder).filter((name) => !before.includes(name));
    assert.deepEqual(made, [
      ...["video_saved_hard.apng", "video_saved_hard.gif", "video_saved_hard.mp4"],
      // A GIF cannot hold the colors of a mixture.
      ...["video_saved_soft.apng", "video_saved_soft.mp4"],
    ]);
    assert.match(text, /video_saved_hard\.gif: 4 frames, 0\.4 s at 10 a second, 32 x 48 pixels/);
    assert.equal(text.trimEnd().split("\n").length, 6, "five videos and a note");
    const pictures = ALL_STEPS.map((step) =>
      Image.fromIndices(SIZE, indicesAt(step, PALETTE), PALETTE.colors)
    );
    const gif = readGif(await Deno.readFile(join(folder, "video_saved_hard.gif")));
    // A table has 2, 4, 8 … colors.
    assert.deepEqual([...gif.colors.subarray(0, 18)], [...PALETTE.colors]);
    assert.deepEqual(gif.frames.map(({ delay }) => delay), [10, 10, 10, 10]);
    gif.frames.forEach(({ indices }, n) => {
      assertEnlarged(Image.fromIndices(gif, indices, gif.colors), pictures[n]!, 4);
    });
    for (const kind of ["hard", "soft"] as const) {
      const expected = kind === "hard" ? pictures : ALL_STEPS.map(mixtureAt);
      const apng = readApng(await Deno.readFile(join(folder, `video_saved_${kind}.apng`)));
      assert.deepEqual(apng.palette, kind === "hard" ? PALETTE.colors : undefined);
      assert.deepEqual(apng.frames.map(({ seconds }) => seconds), Array(4).fill(0.1));
      apng.frames.forEach(({ image }, n) => assertEnlarged(image, expected[n]!, 4));
      const mp4 = [...decodeMp4(await Deno.readFile(join(folder, `video_saved_${kind}.mp4`)))];
      assert.equal(mp4.length, 4);
      mp4.forEach((frame, n) => {
        // Nothing is around the picture.
        const place = { image: expected[n]!, factor: 4, top: 0, left: 0 };
        const ratio = peakSignalToNoise(frame, { ...place, size: { height: 32, width: 48 } });
        assert(ratio > 40, `${kind} ${n} is kept to ${ratio.toFixed(1)} dB`);
      });
    }
  }));

Deno.test("video fits 512,512, lasts at least 3 s, and tells that a run kept few pictures", () =>
  inTemporaryFolder(async (folder) => {
    await makeRun(folder);
    const text = await video(folder);
    // 42 would fit, too; 2 frames a second would be 2 s.
    assert.match(text, /video_saved_hard\.mp4: 4 frames, 4 s at 1 a second, 336 x 504 pixels/);
    assert.match(text, /^note: the run kept 4 pictures; .* with --set training\.save_steps=1, or/m);
    const [frame] = decodeMp4(await Deno.readFile(join(folder, "video_saved_hard.mp4")));
    assert.deepEqual([frame!.height, frame!.width], [336, 512]);
  }));

Deno.test("video obeys --output: a folder that is made, or a file whose name tells the format", () =>
  inTemporaryFolder(async (root) => {
    const folder = join(root, "run");
    await makeRun(folder);
    await video(folder, { format: "apng", output: join(root, "a", "videos.1") });
    assert.deepEqual(namesIn(join(root, "a", "videos.1")), [
      "video_saved_hard.apng",
      "video_saved_soft.apng",
    ]);
    for (const [name, start] of [["x.gif", "GIF89a"], ["x.PNG", "\x89PNG"]] as const) {
      await video(folder, { output: join(root, "b", name) });
      const bytes = await Deno.readFile(join(root, "b", name));
      assert.equal(String.fromCharCode(...bytes.subarray(0, start.length)), start);
    }
    assert.deepEqual(namesIn(join(root, "b")), ["x.PNG", "x.gif"]);
  }));

Deno.test("video writes colors that are in no palette as true colors, but not as a GIF", () =>
  inTemporaryFolder(async (folder) => {
    const palette = latticePalette(7);
    await makeRun(folder, { palette });
    await assert.rejects(video(folder, { format: "mp4,gif" }), {
      message: /video_saved_hard\.gif": a GIF holds palette colors only; choose \.mp4.* or \./,
    });
    assert(!namesIn(folder).some((name) => name.includes("video_")), "no video is half made");
    await video(folder, { format: "apng", videoSize: "8,12" });
    const apng = readApng(await Deno.readFile(join(folder, "video_saved_hard.apng")));
    apng.frames.forEach(({ image }, n) => {
      const indices = indicesAt(ALL_STEPS[n]!, palette);
      assertEnlarged(image, Image.fromIndices(SIZE, indices, palette.colors), 1);
    });
  }));

Deno.test("listRunFrames() ends with the run's end, unless the run was resumed", () =>
  inTemporaryFolder(async (root) => {
    const stepsOf = async (made: MadeRun) => {
      const folder = join(root, String(made.end));
      await makeRun(folder, made);
      const { hard, soft } = await listRunFrames(folder);
      assert.deepEqual(soft.map(({ step }) => step), hard.map(({ step }) => step));
      return hard.map(({ step }) => step ?? "end");
    };
    assert.deepEqual(await stepsOf({ end: 11 }), [2, 4, 9, "end"]);
    // Stopped right after step 9, which was kept.
    assert.deepEqual(await stepsOf({ end: 9 }), [2, 4, "end"]);
    // Ended at 4 at first.
    assert.deepEqual(await stepsOf({ end: 5 }), [2, 4, 9]);
    assert.deepEqual(await stepsOf({ end: 12, steps: [] }), []);
  }));

Deno.test("a video that is stopped leaves nothing", () =>
  inTemporaryFolder(async (folder) => {
    await makeRun(folder);
    const { hard } = await listRunFrames(folder);
    const path = join(folder, "a.gif");
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    const videos = writeRunVideos(hard, [{ path, videoSize: SIZE }], {
      size: SIZE,
      fps: 5,
      signal,
    });
    await assert.rejects(videos, reason);
    assert(!namesIn(folder).some((name) => name.startsWith("a.gif")));
  }));

Deno.test("video says what it cannot make a video of", () =>
  inTemporaryFolder(async (root) => {
    const run = join(root, "run");
    await makeRun(run);
    const [none, empty] = [join(root, "none"), join(root, "empty")];
    await makeRun(none, { steps: [], saveSteps: 0 });
    await makeRun(empty, { steps: [], saveSteps: 50 });
    await Deno.mkdir(join(root, "folder"));
    const cases: [string, FlagsOf<"video">, RegExp][] = [
      [join(root, "no"), {}, /^Cannot read ".*no": there is no such file or folder$/],
      [join(root, "folder"), {}, /expected a run's folder, but there is no config\.yaml in it$/],
      [join(run, "config.yaml"), {}, /expected a run's folder, got a file$/],
      [
        none,
        {},
        /training\.save_steps is 0, so .*--set training\.save_steps=1, or .*--make-video$/,
      ],
      [empty, {}, /with training\.save_steps 50 of 11 steps it kept none; generate it again/],
      [run, { format: "avi" }, /"--format": expected mp4, gif, .* or several .* got "avi"$/],
      [run, { format: "gif", output: "x.mp4" }, /the name of the file tells another format/],
      [
        run,
        { output: "x.webm" },
        /expected a name that ends in \.mp4, \.gif, .*, or a folder$/,
      ],
      [run, { fps: "0" }, /"--fps": expected an integer in \[1, 240\], got "0"$/],
      [run, { videoSize: "9999,9999" }, /"--video-size": expected an integer in \[1, 8192\]/],
      [
        run,
        { format: "gif", videoSize: "30,36" },
        /expected a whole multiple of the picture's 8,12, such as 24,36, got 30,36$/,
      ],
      [
        run,
        { videoSize: "24,36" },
        /expected an even multiple of .*share a color, such as 16,24, got 24,36$/,
      ],
    ];
    for (const [folder, flags, message] of cases) {
      await assert.rejects(video(folder, flags), { message });
    }
    assert(!namesIn(run).some((name) => name.includes("video_")));
  }));

Deno.test("video names the picture that it cannot use, and leaves an earlier video as it is", () =>
  inTemporaryFolder(async (folder) => {
    await makeRun(folder);
    await video(folder, { format: "gif" });
    const bytes = await Deno.readFile(join(folder, "video_saved_hard.gif"));
    const path = join(folder, "png_logs", "4_hard.png");
    const good = await Deno.readFile(path);
    const other = Image.filled({ height: 32, width: 48 }, [1, 2, 3]);
    const spotted = Image.filled({ height: 32, width: 48 }, [255, 0, 0]);
    spotted.data[4] = 254;
    const cases: [Uint8Array, RegExp][] = [
      [
        encodePng(Image.filled({ height: 30, width: 48 }, [255, 0, 0])),
        /4_hard\.png": expected 8x12 pixels or a whole multiple, got 30x48$/,
      ],
      [encodePng(spotted), /4_hard\.png": expected squares of 4x4 equal pixels.*column 1$/],
      [encodePng(other), /expected the colors of ".*2_hard\.png", got #010203$/],
      [good.subarray(0, 60), /^Cannot decode image ".*4_hard\.png": .*ends early$/],
    ];
    for (const [bytes, message] of cases) {
      await Deno.writeFile(path, bytes);
      await assert.rejects(video(folder, { format: "gif" }), { message });
    }
    await Deno.writeFile(path, good);
    // The first one tells the palette.
    await Deno.writeFile(join(folder, "png_logs", "2_hard.png"), good.subarray(0, 60));
    await assert.rejects(video(folder, { format: "gif" }), {
      message: /^Cannot decode image ".*2_hard\.png": .*ends early$/,
    });
    assert.deepEqual(await Deno.readFile(join(folder, "video_saved_hard.gif")), bytes);
  }));
