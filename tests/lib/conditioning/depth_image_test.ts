import assert from "node:assert/strict";
import { makeDepthImage, normalizeDepth } from "../../../lib/conditioning/depth_image.ts";
import { depthInputSize } from "../../../lib/conditioning/depth_model.ts";
import { Image } from "../../../lib/image/image.ts";
import { buildDepthAnything } from "../../../lib/models/depth/depth_anything.ts";
import { readDepthAnythingConfig } from "../../../lib/models/depth/depth_anything_config.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { goldenPath } from "../../support/goldens.ts";
import { runGraph, scatter, WASM_SESSIONS } from "../onnx/run_graph.ts";

const folder = openModelFolder(goldenPath("tiny-depth-anything"));
const config = await readDepthAnythingConfig(folder);
const SIDE = 56;

function picture(height: number, width: number): Image {
  const values = scatter(height * width * 3).map((value) => (value + 1) / 2);
  return Image.fromFloats({ height, width }, values);
}

Deno.test("makeDepthImage() returns the predicted depth in [0, 1], in three channels", async () => {
  const image = picture(SIDE, SIDE);
  const size = { height: SIDE, width: SIDE };
  const { data, shape } = await makeDepthImage(WASM_SESSIONS, folder, image, { size });
  assert.deepEqual(shape, [1, 3, SIDE, SIDE]);
  const plane = SIDE * SIDE;
  // The definition: (value / 255 - mean) / std of ImageNet, channel by channel.
  const [mean, std] = [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]];
  const pixels = Float32Array.from({ length: 3 * plane }, (_, i) => {
    const c = Math.floor(i / plane);
    return (image.data[(i % plane) * 4 + c]! / 255 - mean[c]!) / std[c]!;
  });
  using weights = await StateDict.open(folder, "");
  const graph = buildDepthAnything(weights, config, { batch: 1, ...size });
  const outputs = await runGraph(graph, {
    pixel_values: { data: pixels, shape: [1, 3, SIDE, SIDE] },
  });
  const depth = outputs["predicted_depth"]!.data as Float32Array;
  const [min, max] = [Math.min(...depth), Math.max(...depth)];
  const expected = depth.map((value) => (value - min) / (max - min));
  for (const c of [0, 1, 2]) {
    assertAllClose(data.subarray(c * plane, (c + 1) * plane), expected);
  }
});

Deno.test("makeDepthImage() resizes any image to the teacher's size", async () => {
  const size = { height: 40, width: 24 };
  const options = { size } as const;
  const { data, shape } = await makeDepthImage(WASM_SESSIONS, folder, picture(50, 90), options);
  assert.deepEqual(shape, [1, 3, 40, 24]);
  assert.equal(Math.min(...data), 0);
  assert.equal(Math.max(...data), 1);
});

// transformers' get_resize_output_image_size with keep_aspect_ratio, multiple 14, size 518.
Deno.test("depthInputSize() keeps the aspect ratio, in multiples of the patch size", () => {
  const full = { ...config, backbone: { ...config.backbone, imageSize: 518 } };
  const sizeOf = (height: number, width: number) => {
    const size = depthInputSize({ height, width }, full);
    return [size.height, size.width];
  };
  assert.deepEqual(sizeOf(1024, 1024), [518, 518]);
  assert.deepEqual(sizeOf(480, 640), [518, 686]);
  assert.deepEqual(sizeOf(700, 1400), [518, 1036]);
  assert.deepEqual(sizeOf(1, 400), [14, 518]);
});

Deno.test("normalizeDepth() resizes like PyTorch, bilinear", () => {
  // interpolate([[0, 100, 200]], size=(1, 6), mode="bilinear", align_corners=False)
  const sizes = [{ height: 1, width: 3 }, { height: 1, width: 6 }] as const;
  const { data } = normalizeDepth([0, 100, 200], sizes, "bilinear");
  const row = [0, 25, 75, 125, 175, 200].map((value) => value / 200);
  assertAllClose(data, [...row, ...row, ...row]);
});

Deno.test("normalizeDepth() returns zeros for a constant depth", () => {
  const size = { height: 2, width: 2 };
  for (const interpolation of ["bilinear", "bicubic"] as const) {
    const { data } = normalizeDepth(
      [0.1, 0.1, 0.1, 0.1].map(Math.fround),
      [size, size],
      interpolation,
    );
    assert.deepEqual([...data], new Array(12).fill(0));
  }
});
