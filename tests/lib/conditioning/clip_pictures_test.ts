import assert from "node:assert/strict";
import { findOwnClip, separateClip } from "../../../lib/conditioning/clip_location.ts";
import {
  type ClipPreprocessing,
  prepareForClip,
  readClipPreprocessing,
} from "../../../lib/conditioning/clip_pictures.ts";
import { CLIP_STATISTICS } from "../../../lib/conditioning/pixel_values.ts";
import { Image } from "../../../lib/image/image.ts";
import { readClipConfig } from "../../../lib/models/clip/clip_config.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { memoryFolder } from "./memory_folder.ts";

const SIDE = 8;

async function read(options: Readonly<Record<string, unknown>>): Promise<ClipPreprocessing> {
  const folder = memoryFolder({ "preprocessor_config.json": JSON.stringify(options) });
  return await readClipPreprocessing(separateClip(folder), SIDE);
}

Deno.test("readClipPreprocessing() reads filter, fit and statistics", async () => {
  const fallback: ClipPreprocessing = {
    side: SIDE,
    fit: "pad",
    filter: "bicubic",
    statistics: CLIP_STATISTICS,
    isSharp: true,
  };
  assert.deepEqual(await readClipPreprocessing(separateClip(memoryFolder({})), SIDE), fallback);
  // As openai/clip-vit-base-patch32 has it, for this size.
  const old = { crop_size: SIDE, do_center_crop: true, do_resize: true, resample: 3, size: SIDE };
  assert.deepEqual(await read(old), fallback);
  const square = { height: SIDE, width: SIDE };
  const current = { crop_size: square, size: { shortest_edge: SIDE } };
  for (const [resample, filter] of [[0, "nearest"], [2, "bilinear"], [3, "bicubic"]] as const) {
    assert.deepEqual(await read({ ...current, resample }), { ...fallback, filter });
  }
  assert.equal((await read({ do_center_crop: false, size: square })).fit, "stretch");
  const statistics = { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] };
  const { mean: image_mean, std: image_std } = statistics;
  assert.deepEqual((await read({ image_mean, image_std })).statistics, statistics);
});

Deno.test("readClipPreprocessing() refuses what it cannot do", async () => {
  const refused: readonly (readonly [options: Record<string, unknown>, key: RegExp])[] = [
    [{ resample: 1 }, /expected 0 or 2 or 3 for "resample"/],
    [{ do_normalize: false }, /"do_normalize"/],
    [{ rescale_factor: 1 }, /"rescale_factor"/],
    [{ crop_size: 7 }, /expected 8, as image_size for "crop_size"/],
    [{ size: { shortest_edge: 9 } }, /expected 8, as image_size for "size"/],
    [{ do_center_crop: false, size: { shortest_edge: SIDE } }, /for "size"/],
    [{ image_mean: [1, 2] }, /expected three numbers > 0 for "image_mean"/],
  ];
  for (const [options, message] of refused) await assert.rejects(read(options), message);
});

Deno.test("only a CLIP of photographs gets pixel art enlarged by whole pixels first", () => {
  // A black column beside a white one.
  const image = new Image({ height: 2, width: 2 });
  for (let i = 0; i < 4; i++) {
    image.data.set(i % 2 === 0 ? [0, 0, 0, 255] : [255, 255, 255, 255], i * 4);
  }
  const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const rowOf = (isSharp: boolean, filter: ClipPreprocessing["filter"]) => {
    const options = { side: SIDE, fit: "pad", filter, statistics: plain, isSharp } as const;
    const { data, shape } = prepareForClip([image], options);
    assert.deepEqual(shape, [1, 3, SIDE, SIDE]);
    return [...data.subarray(0, SIDE)];
  };
  const sharp = [0, 0, 0, 0, 1, 1, 1, 1];
  assert.deepEqual(rowOf(true, "bicubic"), sharp);
  assert.deepEqual(rowOf(true, "nearest"), sharp);
  assert.deepEqual(rowOf(false, "nearest"), sharp);
  const soft = rowOf(false, "bilinear");
  assert.deepEqual(soft.map((value) => Math.round(value * 8)), [0, 0, 1, 3, 5, 7, 8, 8]);
});

Deno.test("a picture that is not square is padded in its background, not cropped", () => {
  const size = { height: 4, width: 8 };
  const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const seen = (image: Image, fit: ClipPreprocessing["fit"]) => {
    const options = {
      side: SIDE,
      fit,
      filter: "nearest",
      statistics: plain,
      isSharp: false,
    } as const;
    const { data } = prepareForClip([image], options);
    // The red values, in bytes, row by row.
    return Array.from({ length: SIDE }, (_, y) => {
      const row = data.subarray(y * SIDE, (y + 1) * SIDE);
      return [...row].map((value) => Math.round(value * 255)).join();
    });
  };
  const subject = [30, 30, 30, 30, 30, 200, 30, 200].join();
  const background = new Array(SIDE).fill(30).join();
  const image = Image.filled(size, [30, 60, 90]);
  for (const x of [5, 7]) image.data.set([200, 60, 90, 255], (SIDE + x) * 4);
  assert.deepEqual(seen(image, "pad"), [
    background,
    background,
    background,
    subject,
    background,
    background,
    background,
    background,
  ]);
  assert.deepEqual(seen(image, "stretch").filter((row) => row === subject).length, 2);
  // No color is its background.
  const stripes = new Image(size);
  for (let i = 0; i < 32; i++) stripes.data.set([i % 8, 0, 0, 255], i * 4);
  const white = new Array(SIDE).fill(255).join();
  const stripe = "0,1,2,3,4,5,6,7";
  assert.deepEqual(seen(stripes, "pad"), [
    white,
    white,
    stripe,
    stripe,
    stripe,
    stripe,
    white,
    white,
  ]);
});

Deno.test("no pixel of a picture larger than the input is missed", () => {
  const image = Image.filled({ height: 2 * SIDE, width: 2 * SIDE }, [255, 255, 255]);
  image.data.set([0, 0, 0, 255], 0);
  const statistics = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const options = {
    side: SIDE,
    fit: "pad",
    filter: "nearest",
    statistics,
    isSharp: false,
  } as const;
  const { data } = prepareForClip([image], options);
  assert.deepEqual([data[0], data[1]].map((value) => Math.round(value! * 255)), [191, 255]);
});

Deno.test("mini's CLIP sees pictures of 16 and 32 pixels enlarged by whole pixels", async () => {
  const folder = openModelFolder(new URL("../../../assets/models/mini/", import.meta.url));
  const location = await findOwnClip(folder);
  const { vision } = await readClipConfig(folder, location!.subfolder);
  const preprocessing = await readClipPreprocessing(location!, vision.imageSize);
  assert.deepEqual([location!.tokenizer, preprocessing.filter], ["tokenizer", "nearest"]);
  for (const side of [16, 32]) {
    const image = new Image({ height: side, width: side });
    for (const [i] of image.data.entries()) image.data[i] = i % 4 === 3 ? 255 : i * 37 % 256;
    const { data } = prepareForClip([image], preprocessing);
    const { mean, std } = preprocessing.statistics;
    const scale = vision.imageSize / side;
    for (let i = 0; i < data.length; i++) {
      const [x, y, c] = [i % 64, Math.floor(i / 64) % 64, Math.floor(i / 64 / 64)];
      const pixel = Math.floor(y / scale) * side + Math.floor(x / scale);
      const value = (image.data[pixel * 4 + c]! / 255 - mean[c]!) / std[c]!;
      assert(Math.abs(data[i]! - value) < 1e-5, `${side}: ${i}`);
    }
  }
});

Deno.test("transparent pixels are white", () => {
  const image = new Image({ height: SIDE, width: SIDE });
  image.data.set([10, 20, 30, 255], 0);
  image.data.set([10, 20, 30, 0], 4);
  const statistics = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const options = {
    side: SIDE,
    fit: "pad",
    filter: "nearest",
    statistics,
    isSharp: true,
  } as const;
  const { data } = prepareForClip([image], options);
  const read = [0, 1, SIDE * SIDE].map((i) => Math.round(data[i]! * 255));
  assert.deepEqual(read, [10, 255, 20]);
});
