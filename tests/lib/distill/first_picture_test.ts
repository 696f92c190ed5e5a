import assert from "node:assert/strict";
import type { PartialConfig } from "../../../config/resolve_run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { deliverFirstPicture } from "../../../lib/distill/first_picture.ts";
import { Image } from "../../../lib/image/image.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { tinyConfig } from "./tiny_run.ts";

const SIDE = 8;
const BLACK = "0,0,0,255";
const WHITE = "255,255,255,255";

/** A white square on magenta, 4 of 8 units wide, as a teacher draws what is cut out. */
function sample(): Image {
  const [side, unit] = [64, 64 / SIDE];
  const image = Image.filled({ height: side, width: side }, [255, 0, 255]);
  for (let y = 2 * unit; y < 6 * unit; y++) {
    for (let x = 2 * unit; x < 6 * unit; x++) image.data.set([255, 255, 255], (y * side + x) * 4);
  }
  return image;
}

/** Delivers the picture of the sample, a row of texts for its middle row. */
async function middleRow(gpu: Gpu, part: PartialConfig): Promise<string[]> {
  const generator = {
    initializationMethod: "palette-area",
    palette: "1-bit",
    ...part.generator,
  } as const;
  const config = tinyConfig({ ...part, generator });
  const palette = new Palette("black and white", Uint8Array.of(0, 0, 0, 255, 255, 255));
  const inputs = {
    image: sample(),
    ruleImages: {},
    mask: undefined,
    palette,
    inventory: undefined,
  };
  const { data } = await deliverFirstPicture(gpu, { ...inputs, config });
  return Array.from({ length: SIDE }, (_, x) => {
    const at = (SIDE / 2 * SIDE + x) * 4;
    return data[at + 3] === 0 ? "clear" : String(data.subarray(at, at + 4));
  });
}

gpuTest(
  "the first picture is delivered with its transparent pixels and its outline",
  async (gpu) => {
    const opaque = await middleRow(gpu, {});
    assert(opaque.every((color) => [BLACK, WHITE].includes(color)));
    const cut = { transparent: true };
    const [out, inside] = [["clear", "clear"], [WHITE, WHITE, WHITE, WHITE]];
    assert.deepEqual(await middleRow(gpu, { generator: cut }), [...out, ...inside, ...out]);
    assert.deepEqual(
      await middleRow(gpu, { generator: cut, finish: { outline: "auto" } }),
      ["clear", BLACK, ...inside, BLACK, "clear"],
    );
  },
);
