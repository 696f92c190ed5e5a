import assert from "node:assert/strict";
import { generateCommand } from "../../../../lib/cli/commands/generate.ts";
import { layersCommand } from "../../../../lib/cli/commands/layers.ts";
import { writeCheckpoint } from "../../../../lib/outputs/checkpoint_file.ts";
import { parseHex } from "../../../../lib/palette/formats/hex.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { makePipe } from "../../../support/make_pipe.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";
import { fakeCheckpoint } from "../../run/fake_checkpoint.ts";
import { paintingRuns } from "./painting_run.ts";

const TERMINAL = createTerminal({ print: () => {} });
const TERMINALS = { out: TERMINAL, status: TERMINAL };
const PALETTE = parseHex("000000\nffffff", "two");

/** Creates a link. Deno needs all permissions for that, which `deno eval` has. */
async function link(target: string, path: string): Promise<void> {
  const script = `Deno.symlinkSync(${JSON.stringify(target)}, ${JSON.stringify(path)})`;
  const { code } = await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
  assert.equal(code, 0);
}

/** Writes a run of one step, and a folder outside of it. */
async function makeRun(root: string) {
  const [run, outside] = [`${root}/run`, `${root}/outside`];
  await Deno.mkdir(`${run}/tensorboard`, { recursive: true });
  await Deno.mkdir(outside);
  const size = "generator:\n  image_H: 8\n  image_W: 8\n";
  await Deno.writeTextFile(`${run}/config.yaml`, `prompt: a cat\n${size}training:\n  steps: 1\n`);
  const part = { height: 8, width: 8, palette: PALETTE, seed: 0 };
  await writeCheckpoint(run, fakeCheckpoint({ ...part, step: 1 }));
  return { run, outside };
}

Deno.test("a resumed run writes through no link of its folder", async () => {
  for (const name of ["png_logs", "metrics.jsonl", "tensorboard/x"]) {
    await inTemporaryFolder(async (root) => {
      const { run, outside } = await makeRun(root);
      const path = `${run}/${name}`;
      await link(name === "metrics.jsonl" ? `${outside}/file` : outside, path);
      const flags = { resume: run, steps: "3", set: ["training.save_steps=1"] };
      await assert.rejects(generateCommand(flags, TERMINALS, paintingRuns()), {
        name: "OutputError",
        message: `Cannot write to "${path}": expected a file or folder, got a link; remove it`,
      });
      assert.deepEqual([...Deno.readDirSync(outside)], []);
    });
  }
});

Deno.test("a resumed run opens no pipe of its folder", async () => {
  if (Deno.build.os === "windows") return;
  await inTemporaryFolder(async (root) => {
    const { run } = await makeRun(root);
    await makePipe(`${run}/metrics.jsonl`);
    await assert.rejects(generateCommand({ resume: run, steps: "3" }, TERMINALS, paintingRuns()), {
      message: `Cannot write to "${run}/metrics.jsonl": expected a file or folder, got a pipe or ` +
        "device; remove it",
    });
  });
});

Deno.test("layers are not written through a link, unless it is named", async () => {
  await inTemporaryFolder(async (root) => {
    const { run, outside } = await makeRun(root);
    await link(outside, `${run}/layers`);
    await assert.rejects(layersCommand(run, {}, TERMINALS), { name: "OutputError" });
    assert.deepEqual([...Deno.readDirSync(outside)], []);
    await layersCommand(run, { output: `${run}/layers` }, TERMINALS);
    assert(Array.from(Deno.readDirSync(outside)).length > 0);
  });
});
