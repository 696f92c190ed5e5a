import assert from "node:assert/strict";
import { decodeImage } from "../../../../lib/image/decode_image.ts";
import { encodePng } from "../../../../lib/image/encode_png.ts";
import { generateCommand } from "../../../../lib/cli/commands/generate.ts";
import type { GenerateFlags } from "../../../../lib/cli/flags/command_flags.ts";
import type { RunEvent } from "../../../../lib/report/run_event.ts";
import { discImage } from "../../distill/tiny_run.ts";
import { goldenPath } from "../../../support/goldens.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";

/** Runs `generate --json` with the teacher of the reference tensors, and returns its events. */
async function generate(flags: Partial<GenerateFlags>): Promise<RunEvent[]> {
  let text = "";
  const terminal = createTerminal({ print: (part) => void (text += part) });
  const set = ["sd.im_size=64", "diffusion.num_inference_steps=1"];
  const all = { set, json: true, model: goldenPath("tiny-sdxl"), ...flags } as const;
  assert.equal(await generateCommand(all, { out: terminal, status: terminal }), 0);
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("generate distills a picture from a prompt and an image, and goes on", async () => {
  await inTemporaryFolder(async (output) => {
    const inputImage = `${output}/disc.png`;
    await Deno.writeFile(inputImage, encodePng(discImage({ height: 30, width: 50 })));
    const flags = {
      prompt: "a red dragon",
      inputImage,
      size: "8,12",
      output,
      verbose: true,
    } as const;
    const events = await generate({ ...flags, steps: "2", kmeansNbColors: "4" });
    assert.deepEqual(events.map(({ event }) => event), [
      "stage",
      "note",
      "start",
      "step",
      "step",
      "done",
    ]);
    const done = events.at(-1);
    assert(done?.event === "done" && done.evaluations === 2);
    assert.match(done.folder, /-tiny-sdxl-im8x12-kmeans-4$/);
    for (const name of ["target_image", "init_pixelization", "control_canny", "final_argmax"]) {
      const image = await decodeImage(await Deno.readFile(`${done.folder}/${name}.png`));
      assert.equal(image.width / image.height, 1.5);
    }
    const resumed = await generate({ resume: done.folder, steps: "3" });
    assert.deepEqual(resumed.map(({ event }) => event), ["stage", "start", "step", "done"]);
    const start = resumed[1];
    assert(start?.event === "start" && start.resumedFrom === 2 && start.palette === "kmeans-4");
  });
});
