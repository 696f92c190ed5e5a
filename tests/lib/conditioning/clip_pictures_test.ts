import assert from "node:assert/strict";
import { separateClip } from "../../../lib/conditioning/clip_location.ts";
import {
  type ClipPreprocessing,
  prepareForClip,
  readClipPreprocessing,
} from "../../../lib/conditioning/clip_pictures.ts";
import { CLIP_STATISTICS } from "../../../lib/conditioning/pixel_values.ts";
import { Image } from "../../../lib/image/image.ts";
import { memoryFolder } from "./memory_folder.ts";

const SIDE = 8;

async function read(options: Readonly<Record<string, unknown>>): Promise<ClipPreprocessing> {
  const folder = memoryFolder({ "preprocessor_config.json": JSON.stringify(options) });
  return await readClipPreprocessing(separateClip(folder), SIDE);
}

Deno.test("readClipPreprocessing() reads filter, fit and statistics", async () => {
  const fallback: ClipPreprocessing = {
    side: SIDE,
    fit: "crop",
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
    const options = { side: SIDE, fit: "crop", filter, statistics: plain, isSharp } as const;
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

Deno.test("transparent pixels are white", () => {
  const image = new Image({ height: SIDE, width: SIDE });
  image.data.set([10, 20, 30, 255], 0);
  image.data.set([10, 20, 30, 0], 4);
  const statistics = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const options = {
    side: SIDE,
    fit: "crop",
    filter: "nearest",
    statistics,
    isSharp: true,
  } as const;
  const { data } = prepareForClip([image], options);
  const read = [0, 1, SIDE * SIDE].map((i) => Math.round(data[i]! * 255));
  assert.deepEqual(read, [10, 255, 20]);
});
