import assert from "node:assert/strict";
import { join } from "node:path";
import { openControlnetFile } from "../../../lib/conditioning/checkpoint_file.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import { inspectModel } from "../../../lib/inspect/inspect_model.ts";
import { readControlnetConfig } from "../../../lib/models/unet/controlnet_config.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { goldenPath } from "../../support/goldens.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { discImage, tinyConfig } from "../distill/tiny_run.ts";
import { writeTensors } from "../weights/write_raw.ts";
import { readRaw, toControlnetFile } from "./ldm_layout.ts";

const TINY = openModelFolder(goldenPath("tiny-sd15"));
const open = (id: string) => Promise.resolve(openModelFolder(id));

/** Writes the ControlNet of the tiny Stable Diffusion 1.5 in its author's layout, as one file. */
async function writeControlnet(root: string): Promise<string> {
  const path = join(root, "control_canny.safetensors");
  const tensors = await readRaw(TINY, "controlnet_canny");
  await Deno.writeFile(path, writeTensors(toControlnetFile(tensors)));
  return path;
}

Deno.test("a ControlNet in one file has the config and the bits of its diffusers folder", async () => {
  await inTemporaryFolder(async (root) => {
    const path = await writeControlnet(root);
    const file = await openControlnetFile(path, { open });
    assert.deepEqual(
      await readControlnetConfig(file, ""),
      await readControlnetConfig(TINY, "controlnet_canny"),
    );
    using expected = await StateDict.open(TINY, "controlnet_canny");
    using found = await StateDict.open(file, "");
    assert.deepEqual(found.keys().sort(), expected.keys().sort());
    for (const key of expected.keys()) {
      assert.deepEqual(found.get(key).shape, expected.get(key).shape, key);
      assert.deepEqual(found.get(key).read("float32"), expected.get(key).read("float32"), key);
    }
    const report = await inspectModel(path);
    assert.equal(report.isUsable, true, report.use);
    assert.match(report.use, /--set controlnet\.models_id=/);
    const { used, total, unknown, missing } = report.tensors;
    assert.deepEqual([used, unknown, missing], [total, [], []]);
  });
});

Deno.test("a run with a ControlNet in one file gives the bits of a run with its folder", async () => {
  await inTemporaryFolder(async (root) => {
    const path = await writeControlnet(root);
    const paint = async (id: string, scale = 1) => {
      const config = tinyConfig({
        diffusion: { modelId: goldenPath("tiny-sd15") },
        controlnet: { modelsId: [id], controlnetConditioningScale: [scale] },
      });
      await using run = await createRun(config, { image: discImage({ height: 64, width: 64 }) });
      const losses = [];
      for await (const report of distill(run)) losses.push(report.losses);
      return { losses, image: (await run.image()).data };
    };
    const found = await paint(path);
    assert.deepEqual(found, await paint("canny"));
    assert.notDeepEqual(found, await paint(path, 0));
  });
});

Deno.test("openControlnetFile() says what a file is that is no ControlNet", async () => {
  const path = goldenPath("tiny-sd15/unet/diffusion_pytorch_model.fp16.safetensors");
  await assert.rejects(openControlnetFile(path, { open }), {
    name: "TeacherFolderError",
    message: /expected a ControlNet in it for controlnet\.models_id, got Stable Diffusion layout/,
  });
});
