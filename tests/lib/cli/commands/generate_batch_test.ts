import assert from "node:assert/strict";
import { join } from "node:path";
import ort from "npm:onnxruntime-web@1.30.0";
import { decodeCheckpoint } from "../../../../lib/run/decode_checkpoint.ts";
import { generateFlags } from "../../../support/generate_flags.ts";
import { generateCommand } from "../../../../lib/cli/commands/generate.ts";
import { assertAllClose } from "../../../support/assert_all_close.ts";
import { goldenPath } from "../../../support/goldens.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";
import { paintingRuns } from "./painting_run.ts";
import { generate, isThere, lastOf, readIndex, run, stopAt } from "./several_runs.ts";

/** Counts the networks that onnxruntime loads. */
async function countLoads<T>(work: () => Promise<T>): Promise<{ loads: number; made: T }> {
  const { InferenceSession } = ort;
  const create = InferenceSession.create;
  let loads = 0;
  InferenceSession.create = function (...args: unknown[]) {
    loads++;
    return Reflect.apply(create, InferenceSession, args);
  } as typeof create;
  try {
    return { made: await work(), loads };
  } finally {
    InferenceSession.create = create;
  }
}

const TINY = {
  model: goldenPath("tiny-sdxl"),
  runtime: "wasm",
  size: "8,8",
  // One step of an edit, and one of distillation.
  strength: "0.4",
  steps: "1",
  set: [
    ...["sd.im_size=64", "diffusion.num_inference_steps=1"],
    ...["diffusion.edits=1", "diffusion.edit_steps=3"],
  ],
};

Deno.test("several pictures are those of single runs, bit for bit, of a teacher that is loaded once", async () => {
  await inTemporaryFolder(async (output) => {
    const shared = { ...TINY, output, batch: "1" };
    const several = await countLoads(() =>
      generate({
        ...shared,
        prompt: ["a red dragon", "a blue castle"],
        palette: ["game-boy", "pico-8"],
        seed: "5",
        variations: "2",
      })
    );
    const { pictures } = lastOf(several.made);
    assert.equal(pictures.length, 8);
    assert(pictures.every(({ score }) => Number.isFinite(score)));
    const names = ["final_argmax.png", "final_softmax.png", "checkpoint_2.safetensors"];
    const checkpoints = pictures.map(({ folder }) => Deno.readFile(join(folder, names[2]!)));
    // All of them are others.
    assert.equal(new Set((await Promise.all(checkpoints)).map(String)).size, 8);
    // Single runs of three of them, with each prompt, palette and seed, take time enough.
    for (const { prompt, palette, seed, folder } of [0, 3, 6].map((index) => pictures[index]!)) {
      const single = await countLoads(() =>
        generate({ ...shared, prompt, palette, seed: String(seed) })
      );
      assert(single.loads > 0);
      assert.equal(several.loads, single.loads);
      const done = single.made.at(-1);
      assert(done?.event === "done" && done.score === undefined);
      for (const name of [...names, "config.yaml", "metrics.jsonl"]) {
        const expected = await Deno.readFile(join(done.folder, name));
        assert.deepEqual(await Deno.readFile(join(folder, name)), expected, name);
      }
    }
  });
});

Deno.test("pictures of a batch are those of single runs, up to rounding", async () => {
  await inTemporaryFolder(async (output) => {
    const shared = { ...TINY, output };
    const several = await countLoads(() =>
      generate({ ...shared, prompt: "a cat", variations: "3" })
    );
    const events = several.made;
    const steps = events.flatMap((event) =>
      event.event === "step" ? [[event.step, event.picture!.number]] : []
    );
    // In step with each other.
    assert.deepEqual(steps.map(([step]) => step), [1, 1, 1, 2, 2, 2]);
    assert.deepEqual(steps.map(([, number]) => number).sort(), [1, 1, 2, 2, 3, 3]);
    const last = lastOf(events);
    const { pictures, missing } = await readIndex(last.folder);
    assert.deepEqual([pictures.length, missing], [3, []]);
    for (const { seed, folder } of last.pictures) {
      const single = await countLoads(() =>
        generate({ ...shared, prompt: "a cat", seed: String(seed) })
      );
      assert.equal(several.loads, single.loads);
      const done = single.made.at(-1);
      assert(done?.event === "done");
      const [made, expected] = await Promise.all(
        [folder, done.folder].map(async (path) =>
          decodeCheckpoint(await Deno.readFile(join(path, "checkpoint_2.safetensors")))
        ),
      );
      assertAllClose(made!.logits, expected!.logits, { atol: 1e-4 });
      // A picture of a batch resumes alone.
      const again = await generate({ ...shared, resume: folder, steps: "3" });
      const start = again.find(({ event }) => event === "start");
      assert(start?.event === "start" && start.resumedFrom === 2);
    }
  });
});

Deno.test("generate tells of the pictures of a batch in one line", async () => {
  await inTemporaryFolder(async (output) => {
    const flags = { prompt: "a cat", variations: "3", size: "8,8", steps: "2", output };
    const { text } = await run(flags, paintingRuns({ stepMs: 5, batch: 2 }));
    const lines = text.split("\n").filter((line) => /step \d/.test(line));
    assert.deepEqual(lines.map((line) => line.replace(/ETA \d+ s {2}/, "")), [
      "1 to 2 of 3  step 1/2  t 500  score 1",
      "1 to 2 of 3  step 2/2  t 500  score 0.5",
      "3 of 3  step 1/2  t 500  score 1",
      "3 of 3  step 2/2  t 500  score 0.5",
    ]);
    // What both have in common is told once.
    for (const line of ["load …", "networks: wasm; kernels: none"]) {
      assert.equal(text.split("\n").filter((one) => one === line).length, 2);
    }
    const [folder] = await Array.fromAsync(Deno.readDir(join(output, "standard")));
    const { pictures, missing } = await readIndex(join(output, "standard", folder!.name));
    assert.deepEqual([pictures.map(({ number }) => number), missing], [[2, 1, 3], []]);
  });
});

Deno.test("generate ends what was begun with a picture that fails, and begins no more", async () => {
  await inTemporaryFolder(async (output) => {
    const failing = paintingRuns({
      stepMs: 5,
      batch: 2,
      before({ seed }) {
        if (seed === 1) throw new Error("Cannot load");
      },
    });
    const flags = { prompt: "a cat", variations: "4", size: "8,8", steps: "2", output };
    let text = "";
    const terminal = createTerminal({ print: (part) => void (text += part) });
    const terminals = { out: terminal, status: terminal };
    await assert.rejects(
      generateCommand(generateFlags(flags), terminals, failing),
      /^Error: Cannot load$/,
    );
    assert.match(
      text,
      /^picture 2 of 4 failed: Cannot load; the others of its batch will be finished, and no more are started$/m,
    );
    const [folder] = await Array.fromAsync(Deno.readDir(join(output, "standard")));
    const { pictures, missing } = await readIndex(join(output, "standard", folder!.name));
    assert.deepEqual(pictures.map(({ number, complete }) => [number, complete]), [[1, true]]);
    assert.deepEqual(missing.map(({ number }) => number), [2, 3, 4]);
  });
});

Deno.test("Ctrl-C leaves all pictures of the batch, each with a checkpoint", async () => {
  await inTemporaryFolder(async (output) => {
    const args = ["--prompt", "a cat", "--steps", "100000", "--variations", "3", "--batch", "2"];
    const events = await stopAt(
      (event) => event.event === "step" && event.picture?.number === 2,
      output,
      args,
    );
    const last = lastOf(events);
    const notes = events.filter(({ event }) => event === "note");
    assert.equal(notes.length, 1);
    const { pictures, missing } = await readIndex(last.folder);
    assert.deepEqual(pictures.map(({ number }) => number), [1, 2]);
    assert.deepEqual(missing.map(({ number }) => number), [3]);
    for (const { folder, step } of pictures) {
      const path = join(last.folder, String(folder));
      assert(await isThere(join(path, `checkpoint_${step}.safetensors`)));
      assert(await isThere(join(path, "final_argmax.png")));
    }
  });
});
