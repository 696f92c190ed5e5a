import { parseRunConfig } from "../../../../config/parse_run_config.ts";
import assert from "node:assert/strict";
import { decodeImage } from "../../../../lib/image/formats/decode_image.ts";
import { encodePng } from "../../../../lib/image/encode_png.ts";
import { generateCommand } from "../../../../lib/cli/commands/generate.ts";
import { type GenerateFlags, generateFlags } from "../../../support/generate_flags.ts";
import { chooseBatch } from "../../../../lib/distill/choose_batch.ts";
import { createRun } from "../../../../lib/distill/create_run.ts";
import type { RunEvent } from "../../../../lib/report/run_event.ts";
import { discImage } from "../../distill/tiny_run.ts";
import { goldenPath } from "../../../support/goldens.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";

/** Runs `generate --json` with the teacher of the reference tensors, and returns its events. */
async function generate(flags: Partial<GenerateFlags>): Promise<RunEvent[]> {
  let text = "";
  const terminal = createTerminal({ print: (part) => void (text += part) });
  const set = ["sd.im_size=64", "diffusion.num_inference_steps=1", "diffusion.strength=0"];
  const all = generateFlags({ set, json: true, model: goldenPath("tiny-sdxl"), ...flags });
  assert.equal(
    await generateCommand(all, { out: terminal, status: terminal }, { createRun, chooseBatch }),
    0,
  );
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("generate distills a picture from a prompt and an image, and resumes", async () => {
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
      "note",
      "note",
      "start",
      "step",
      "step",
      "done",
    ]);
    // The disc has a transparent corner; a resumed run tells neither note again.
    const notes = events.flatMap((event) => event.event === "note" ? [event.message] : []);
    assert.equal(
      notes.filter((note) => /^Settings for SDXL \(by its UNet\): /.test(note)).length,
      1,
    );
    assert.equal(notes.filter((note) => /--background chooses another one/.test(note)).length, 1);
    const done = events.at(-1);
    assert(done?.event === "done" && done.teacherCalls === 2);
    assert.match(done.folder, /-tiny-sdxl-im8x12-kmeans-4$/);
    for (const name of ["target_image", "init_pixelization", "control_canny", "final_argmax"]) {
      const image = await decodeImage(await Deno.readFile(`${done.folder}/${name}.png`));
      assert.equal(image.width / image.height, 1.5);
    }
    const written = parseRunConfig(await Deno.readTextFile(`${done.folder}/config.yaml`), "");
    assert.equal(written.values.get("sd.guidance_scale")!.value, 10);
    const resumed = await generate({ resume: done.folder, steps: "3" });
    assert.deepEqual(resumed.map(({ event }) => event), ["stage", "start", "step", "done"]);
    const start = resumed[1];
    assert(start?.event === "start" && start.resumedFrom === 2 && start.palette === "kmeans-4");
  });
});

Deno.test("generate tells each note once, and that a picture without a caption model has none", async () => {
  await inTemporaryFolder(async (output) => {
    const set = ["sd.im_size=64", "automatic_caption=true", "diffusion.enable_xformers=true"];
    const inputImage = `${output}/disc.png`;
    await Deno.writeFile(inputImage, encodePng(discImage({ height: 20, width: 20 })));
    const flags = { prompt: "a red dragon", inputImage, size: "8,8", steps: "1", output, set };
    const notes = (await generate(flags)).flatMap((event) =>
      event.event === "note" ? [event.message] : []
    );
    assert.equal(notes.filter((note) => note.includes("xformers")).length, 1);
    assert.equal(notes.filter((note) => /^"automatic_caption" has no effect/.test(note)).length, 1);
  });
});

Deno.test("generate names a checkpoint that it refuses, before it loads a teacher", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/config.yaml`, "prompt: a cat\n");
    const path = `${folder}/checkpoint_5.safetensors`;
    await Deno.writeFile(path, new Uint8Array(20));
    await assert.rejects(generate({ resume: folder, model: "./none" }), (error) => {
      assert(error instanceof Error);
      assert(error.message.includes(`checkpoint "${path}": the file is damaged`), error.message);
      return true;
    });
  });
});
