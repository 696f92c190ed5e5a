import assert from "node:assert/strict";
import { makeDepthImage, normalizeDepth } from "../../../lib/conditioning/depth_image.ts";
import { readDepthModel } from "../../../lib/conditioning/depth_model.ts";
import { makePixelValues } from "../../../lib/conditioning/pixel_values.ts";
import { Image } from "../../../lib/image/image.ts";
import { resizeImage } from "../../../lib/image/resize_image.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { goldenPath, readGolden, readTensorFile } from "../../support/goldens.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { scatter, WASM_SESSIONS } from "../onnx/run_graph.ts";

const features = readTensorFile(goldenPath("tiny-dpt-hybrid/features.safetensors"));
const PHOTO = { height: 50, width: 90 };

/** Returns the changed options of a network and of its image processor as files. */
async function writeModel(
  to: string,
  { options = {}, processor }: {
    options?: Record<string, unknown>;
    processor?: Record<string, unknown>;
  },
): Promise<void> {
  const text = await Deno.readTextFile(goldenPath("tiny-dpt-hybrid/config.json"));
  await Deno.writeTextFile(
    `${to}/config.json`,
    JSON.stringify({ ...JSON.parse(text), ...options }),
  );
  if (!processor) return;
  await Deno.writeTextFile(`${to}/preprocessor_config.json`, JSON.stringify(processor));
}

Deno.test("readDepthModel() distinguishes a Depth Anything and a hybrid DPT by their type", async () => {
  const depthAnything = await readDepthModel(openModelFolder(goldenPath("tiny-depth-anything")));
  assert.deepEqual(depthAnything.inputSize(PHOTO), { height: 56, width: 98 });
  assert.equal(depthAnything.interpolation, "bilinear");
  // The defaults of DPTImageProcessor, at the size of the network.
  const dpt = await readDepthModel(openModelFolder(goldenPath("tiny-dpt-hybrid")));
  assert.deepEqual(dpt.inputSize(PHOTO), { height: 64, width: 64 });
  assert.equal(dpt.filter, "bicubic");
  assert.deepEqual(dpt.statistics, { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
  assert.equal(dpt.interpolation, "bicubic");
  await inTemporaryFolder(async (folder) => {
    await writeModel(folder, { options: { model_type: "zoedepth" } });
    await assert.rejects(readDepthModel(openModelFolder(folder)), {
      name: "ModelConfigError",
      message: /expected "depth_anything" or "dpt" for "model_type", got "zoedepth"$/,
    });
  });
});

Deno.test("readDepthModel() follows the file of DPTImageProcessor and refuses unsupported options", async () => {
  await inTemporaryFolder(async (folder) => {
    const processor = {
      do_resize: true,
      do_rescale: true,
      do_normalize: true,
      ensure_multiple_of: 32,
      feature_extractor_type: "DPTFeatureExtractor",
      image_mean: [0.4, 0.5, 0.6],
      image_std: [0.25, 0.5, 0.75],
      keep_aspect_ratio: false,
      resample: 2,
      rescale_factor: 0.00392156862745098,
      size: { height: 100, width: 64 },
    };
    await writeModel(folder, { processor });
    const model = await readDepthModel(openModelFolder(folder));
    assert.deepEqual(model.inputSize(PHOTO), { height: 96, width: 64 });
    assert.equal(model.filter, "bilinear");
    assert.deepEqual(model.statistics, { mean: [0.4, 0.5, 0.6], std: [0.25, 0.5, 0.75] });
    // Older files have one number for height and width.
    await writeModel(folder, { processor: { size: 96 } });
    const older = await readDepthModel(openModelFolder(folder));
    assert.deepEqual(older.inputSize(PHOTO), { height: 96, width: 96 });
    const refused: Record<string, unknown> = {
      keep_aspect_ratio: true,
      do_pad: true,
      do_normalize: false,
      rescale_factor: 1,
      resample: 0,
      size: { shortest_edge: 64 },
      image_mean: [0.5],
      image_std: [0.5, 0, 0.5],
    };
    for (const [key, value] of Object.entries(refused)) {
      await writeModel(folder, { processor: { [key]: value } });
      await assert.rejects(readDepthModel(openModelFolder(folder)), {
        name: "ModelConfigError",
        key,
      });
    }
  });
});

Deno.test("makeDepthImage() runs a hybrid DPT", async () => {
  const values = scatter(PHOTO.height * PHOTO.width * 3).map((value) => (value + 1) / 2);
  const folder = openModelFolder(goldenPath("tiny-dpt-hybrid"));
  const options = { size: { height: 40, width: 24 } } as const;
  const image = Image.fromFloats(PHOTO, values);
  const { data, shape } = await makeDepthImage(WASM_SESSIONS, folder, image, options);
  assert.deepEqual(shape, [1, 3, 40, 24]);
  assert.equal(Math.min(...data), 0);
  assert.equal(Math.max(...data), 1);
});

Deno.test("readDepthModel() prepares images as DPTImageProcessor does", async () => {
  const rgb = features.tensor("processor.rgb");
  const [height, width] = rgb.shape as [number, number, number];
  const image = Image.fromFloats({ height, width }, rgb.data.map((value) => value / 255));
  const model = await readDepthModel(openModelFolder(goldenPath("tiny-dpt-hybrid")));
  const { filter, statistics } = model;
  const resized = resizeImage(image, model.inputSize(image), { fit: "stretch", filter });
  const { data, shape } = makePixelValues([resized], statistics);
  const expected = features.tensor("processor.pixel_values");
  assert.deepEqual(shape, expected.shape);
  // torch rounds and clamps to bytes between the rows and the columns, which is visible in noise.
  const steps = data.map((value, i) => Math.abs(value - expected.data[i]!) * 255 / 2);
  const near = steps.filter((step) => step < 1.01).length;
  assert(near > 0.99 * steps.length, `${near} of ${steps.length} values are one step away or less`);
  assert(steps.reduce((sum, step) => sum + step, 0) < 0.3 * steps.length);
});

Deno.test("normalizeDepth() upsamples like PyTorch, bicubic", () => {
  const { data, shape } = readGolden("dpt_hybrid").tensor("square.predicted_depth");
  const [, height, width] = shape as [number, number, number];
  const expected = features.tensor("control.depth");
  const [, , outHeight, outWidth] = expected.shape as [number, number, number, number];
  const to = { height: outHeight, width: outWidth };
  const made = normalizeDepth(data.subarray(0, height * width), [{ height, width }, to], "bicubic");
  for (const c of [0, 1, 2]) {
    const size = expected.data.length;
    assertAllClose(made.data.subarray(c * size, (c + 1) * size), expected.data);
  }
});
