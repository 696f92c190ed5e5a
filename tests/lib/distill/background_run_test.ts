import assert from "node:assert/strict";
import type { PartialConfig } from "../../../config/resolve_run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { Image } from "../../../lib/image/image.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { tinyConfig } from "./tiny_run.ts";

/** A white square in the middle of nothing, 8x8 pixels. */
function squareImage(isOpaque: boolean): Image {
  const image = new Image({ height: 8, width: 8 });
  for (const [i, inside] of SQUARE.entries()) {
    image.data.set([255, 255, 255, inside === 1 || isOpaque ? 255 : 0], i * 4);
  }
  return image;
}

const SQUARE = Uint8Array.from({ length: 64 }, (_, i) => {
  const [x, y] = [i % 8, Math.floor(i / 8)];
  return x > 1 && x < 6 && y > 2 && y < 7 ? 1 : 0;
});

/** Starts a run and tells its mask and its notes. */
async function start(
  gpu: Gpu,
  pool: SessionPool,
  image: Image | undefined,
  generator: PartialConfig["generator"],
) {
  const notes: string[] = [];
  const config = tinyConfig({
    controlnet: { useControlnet: false },
    generator: { imageH: 8, imageW: 8, ...generator },
  });
  const inputs = { gpu, pool, ...(image && { image }) };
  await using run = await createRun(config, { ...inputs, onNote: (note) => notes.push(note) });
  return { mask: run.inputMask, notes };
}

gpuTest("a run keeps the mask of a transparent image, and names its background", async (gpu) => {
  await using pool = new SessionPool();
  const auto = await start(gpu, pool, squareImage(false), {});
  assert.deepEqual(auto.mask, SQUARE);
  assert.match(auto.notes.join(), /^Transparent parts of the image become #[0-9a-f]{6}, the pal/);
  const named = await start(gpu, pool, squareImage(false), { background: "tomato" });
  assert.deepEqual(named.notes, ["Transparent parts of the image become #ff6347, as asked for"]);
});

gpuTest("a run says that a background has no effect, and refuses one that is none", async (gpu) => {
  await using pool = new SessionPool();
  const opaque = await start(gpu, pool, squareImage(true), { background: "red" });
  assert.equal(opaque.mask, undefined);
  assert.deepEqual(opaque.notes, ['"generator.background" has no effect: the image is opaque']);
  const none = await start(gpu, pool, undefined, { background: "red" });
  assert.deepEqual(none.notes, ['"generator.background" has no effect: there is no input image']);
  const padded = await start(gpu, pool, squareImage(true), { background: "0", imageFit: "pad" });
  assert.deepEqual(padded.notes, []);
  const stages: string[] = [];
  const config = tinyConfig({ generator: { background: "4", palette: "game-boy" } });
  await assert.rejects(createRun(config, { gpu, onStage: (stage) => stages.push(stage) }), {
    message:
      'Cannot use the background "4": expected auto, a color such as #1a1c2c or white, or an ' +
      "index of the palette, which has 4 colors",
  });
  assert.deepEqual(stages, []);
});
