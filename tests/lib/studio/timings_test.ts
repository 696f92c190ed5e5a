import assert from "node:assert/strict";
import { TEACHER_CALLS, Timings } from "../../../lib/studio/timings.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const PRESETS = { draft: "fastest", standard: "fast" };

Deno.test("times are learned from finished runs, and kept", async () => {
  await inTemporaryFolder(async (folder) => {
    const timings = new Timings(folder);
    await timings.read();
    assert.equal(timings.presets("mini", PRESETS)[0]!.seconds, undefined);
    await timings.add("mini", { calls: 16, seconds: 8 });
    const later = new Timings(folder);
    await later.read();
    const [draft, standard] = later.presets("mini", PRESETS);
    assert.equal(draft!.seconds, 8);
    assert.equal(standard!.seconds, standard!.teacherCalls! / 2);
    assert.equal(later.presets("sdxl", PRESETS)[0]!.seconds, undefined);
  });
});

Deno.test("a damaged file of times counts as none", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.mkdir(`${folder}/studio`);
    for (const text of ["", "{", "[1]", '{"mini":3}', '{"mini":{"calls":-1,"seconds":2}}']) {
      await Deno.writeTextFile(`${folder}/studio/timings.json`, text);
      const timings = new Timings(folder);
      await timings.read();
      assert.equal(timings.presets("mini", PRESETS)[0]!.seconds, undefined, text);
    }
  });
});

Deno.test("the teacher calls of the presets are those that their files tell", () => {
  for (const name of ["draft", "standard", "max"]) {
    const file = new URL(`../../../config/presets/${name}.yaml`, import.meta.url);
    const text = Deno.readTextFileSync(file).replaceAll("\n# ", " ");
    const [, calls] = /(\d+) teacher calls \(NFE\)/.exec(text)!;
    assert.equal(TEACHER_CALLS[name], Number(calls), name);
  }
});
