import assert from "node:assert/strict";
import { generateCommand } from "../../../../lib/cli/commands/generate.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { generateFlags } from "../../../support/generate_flags.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";
import { paintingRuns } from "./painting_run.ts";

Deno.test("generate refuses an inventory that cannot suffice, and writes nothing", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/few.csv`, "code,count\nH01,10\n");
    const terminal = createTerminal({ print: () => {} });
    const flags = generateFlags({
      prompt: "a castle",
      preset: "draft",
      palette: "hama",
      inventory: `${folder}/few.csv`,
      output: `${folder}/out`,
    });
    const terminals = { out: terminal, status: terminal };
    await assert.rejects(generateCommand(flags, terminals, paintingRuns()), {
      message: 'Cannot fill 1024 cells from the inventory: it has 10 of "hama", 1014 too few',
    });
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["few.csv"]);
  });
});
