import assert from "node:assert/strict";
import type { PartialConfig } from "../../../config/resolve_run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { chooseBatch } from "../../../lib/distill/choose_batch.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { setUpRun } from "../../../lib/distill/set_up_run.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { discImage, tinyConfig } from "./tiny_run.ts";

/** A fake hardware GPU with the limits of a software adapter. */
function hardware({ device }: Gpu): Gpu {
  return { device, isSoftware: false } as Gpu;
}

gpuTest(
  "chooseBatch() is larger on a GPU than on a CPU, and at most the number of pictures",
  async (gpu) => {
    const choose = (part: PartialConfig, count: number, on = gpu) =>
      chooseBatch(on, tinyConfig(part), { count });
    assert.deepEqual(
      await Promise.all([1, 3, 100].map((count) => choose({ runtime: "wasm" }, count))),
      [1, 3, 4],
    );
    assert.equal(await choose({ runtime: "webgpu" }, 100), 4);
    assert.equal(await choose({ runtime: "webgpu" }, 100, hardware(gpu)), 16);
  },
);

gpuTest("chooseBatch() uses the batch size of the config", async (gpu) => {
  const config = { ...tinyConfig(), batch: 5 };
  assert.equal(await chooseBatch(gpu, config, { count: 100 }), 5);
  assert.equal(await chooseBatch(gpu, config, { count: 2 }), 2);
});

gpuTest(
  "chooseBatch() is smaller for large images of the teacher",
  async (gpu) => {
    const on = hardware(gpu);
    const image = discImage({ height: 16, width: 16 });
    const sides = [64, 256, 384, 1024];
    const chosen = await Promise.all(
      sides.map((imSize) =>
        chooseBatch(on, tinyConfig({ runtime: "webgpu", sd: { imSize } }), { count: 16, image })
      ),
    );
    assert.equal(chosen[0], 16);
    assert.equal(chosen.at(-1), 1);
    assert.deepEqual(
      chosen,
      chosen.toSorted((a, b) => b - a),
    );
    assert(chosen.some((count) => count > 1 && count < 16));
  },
);

gpuTest("chooseBatch() names a missing teacher", async (gpu) => {
  const config = tinyConfig({ diffusion: { modelId: "no/such/folder" } });
  await assert.rejects(chooseBatch(gpu, config, { count: 2 }), /no\/such\/folder/);
});

gpuTest(
  "setUpRun() plans memory for the colors of the palette, not for their bytes",
  async (gpu) => {
    const palette = await findPalette("sweetie-16");
    const setup = await setUpRun(gpu, tinyConfig(), { palette, hub: {} });
    assert.equal(setup.colors, 16);
  },
);
