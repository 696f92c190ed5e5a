import assert from "node:assert/strict";
import { join } from "node:path";
import { resolveRunConfig } from "../../../../config/resolve_run_config.ts";
import { generateCommand } from "../../../../lib/cli/commands/generate.ts";
import { StepFiles } from "../../../../lib/cli/commands/step_files.ts";
import { parseHex } from "../../../../lib/palette/formats/hex.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";
import { paintingRuns } from "./painting_run.ts";

const TERMINAL = createTerminal({ print: () => {} });
const TERMINALS = { out: TERMINAL, status: TERMINAL };
const FLAGS = { prompt: ["a cat"], size: "8,8", palette: ["1-bit"] };

async function onlyRun(output: string): Promise<string> {
  const above = join(output, "standard");
  const [run] = await Array.fromAsync(Deno.readDir(above));
  return join(above, run!.name);
}

Deno.test("generate finds an output that cannot be written before it loads anything", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    let loads = 0;
    const runs = paintingRuns({ before: () => void loads++ });
    for (const flags of [FLAGS, { ...FLAGS, variations: "2" }]) {
      const output = `${folder}/file/x`;
      await assert.rejects(generateCommand({ ...flags, output }, TERMINALS, runs), {
        name: "OutputError",
        message: /^Cannot create folder ".*\/file\/x\/standard": expected a folder, got a file/,
      });
    }
    assert.equal(loads, 0);
    await generateCommand({ ...FLAGS, steps: "1", output: folder }, TERMINALS, runs);
    const names = Array.from(Deno.readDirSync(`${folder}/standard`), ({ name }) => name);
    assert.equal(names.length, 1);
  });
});

Deno.test("generate removes what a killed run left, when it resumes", async () => {
  await inTemporaryFolder(async (output) => {
    await generateCommand({ ...FLAGS, steps: "1", output }, TERMINALS, paintingRuns());
    const run = await onlyRun(output);
    await Deno.mkdir(`${run}/png_logs`, { recursive: true });
    const left = ["checkpoint_9.safetensors.0123abcd.tmp", "png_logs/1_hard.png.89efabcd.tmp"];
    const kept = ["notes.tmp", "png_logs/my.0123abcd.tmp.txt"];
    for (const name of [...left, ...kept]) await Deno.writeTextFile(`${run}/${name}`, "");
    await generateCommand({ resume: run, steps: "2" }, TERMINALS, paintingRuns());
    for (const name of left) {
      await assert.rejects(Deno.stat(`${run}/${name}`), Deno.errors.NotFound);
    }
    for (const name of kept) assert((await Deno.stat(`${run}/${name}`)).isFile, name);
  });
});

Deno.test("a run whose folder is removed fails and does not make it again", async () => {
  for (const saves of [0, 1]) {
    for (const step of [2, 5]) {
      await inTemporaryFolder(async (output) => {
        const runs = paintingRuns({
          change: (run) => {
            const makeStep = run.makeStep.bind(run);
            run.makeStep = async () => {
              const report = await makeStep();
              if (report.step === step) {
                await Deno.remove(`${output}/standard`, { recursive: true });
              }
              return report;
            };
            return run;
          },
        });
        const set = [`training.save_steps=${saves}`];
        await assert.rejects(
          generateCommand({ ...FLAGS, steps: "5", output, set }, TERMINALS, runs),
          { name: "OutputError", message: /"config.yaml" is gone: was the folder removed\?$/ },
        );
        await assert.rejects(Deno.stat(`${output}/standard`), Deno.errors.NotFound);
      });
    }
  }
});

Deno.test("a checkpoint is written every minute, and replaces the last one", async () => {
  await inTemporaryFolder(async (folder) => {
    const config = resolveRunConfig({
      generator: { imageH: 8, imageW: 8 },
      training: { steps: 20, checkpointSteps: 6 },
    });
    await Deno.writeTextFile(`${folder}/config.yaml`, "");
    const palette = parseHex("000000\nffffff", "two");
    await using run = await paintingRuns().createRun(config, { palette });
    let now = 1000;
    const options = { config, folder, verbose: false, tensorboard: false, video: undefined };
    await using files = await StepFiles.open(run, { ...options, now: () => now });
    const found: string[] = [];
    for (let step = 1; step <= 20; step++) {
      now += 25_000;
      await files.write(await run.makeStep());
      const names = Array.from(
        Deno.readDirSync(folder),
        ({ name }) => /_(\d+)\.safe/.exec(name)?.[1],
      );
      found.push(names.filter(Boolean).sort((a, b) => Number(a) - Number(b)).join());
    }
    assert.deepEqual(found, [
      ...["", "", "3", "3", "3", "6", "6", "6", "6,9", "6,9", "6,9", "6,12", "6,12", "6,12"],
      ...["6,12,15", "6,12,15", "6,12,15", "6,12,18", "6,12,18", "6,12,18"],
    ]);
    await files.finish();
  });
});
