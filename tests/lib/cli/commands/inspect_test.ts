import assert from "node:assert/strict";
import { inspectCommand } from "../../../../lib/cli/commands/inspect.ts";
import { parseCommandLine } from "../../../../lib/cli/flags/parse_command_line.ts";
import type { Terminal } from "../../../../lib/report/terminal.ts";
import { readKeyList, writeSparse } from "../../../support/sparse_weights.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";

/** Runs the command. Returns its exit code and what it printed. */
async function inspect(model: string, flags: { json?: true } = {}) {
  let text = "";
  const out = { write: (more: string) => void (text += more) } as Terminal;
  return { code: await inspectCommand(model, flags, { out }), text };
}

Deno.test("inspect exits with 0 for what can be used, and prints how", async () => {
  const { code, text } = await inspect("mini");
  assert.equal(code, 0);
  assert.match(text, /^mini: /);
  assert.match(text, /Smalti can use it: --model mini\n/);
  assert.match(text, /memory plan/);
});

Deno.test("inspect exits with 1 for what cannot be used, with the reason as text and as JSON", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = await writeSparse(folder, [
      "double_blocks.0.img_attn.qkv.weight [9216,3072]",
      "single_blocks.0.linear1.weight [21504,3072]",
      "strange [2]",
    ]);
    const { code, text } = await inspect(path);
    assert.equal(code, 1);
    assert.match(text, /unknown: strange \[2\]\n/);
    assert.match(text, /Smalti cannot use it: it is Flux/);
    const json = await inspect(path, { json: true });
    assert.equal(json.code, 1);
    const report = JSON.parse(json.text);
    assert.deepEqual(report.tensors.unknown, [{ key: "strange", shape: [2] }]);
    assert.equal(report.family, "Flux");
  });
});

Deno.test("inspect tells precision, markers and title of a checkpoint", async () => {
  await inTemporaryFolder(async (folder) => {
    const keys = [...await readKeyList("sdxl_base_single_file"), "v_pred [0]"];
    const metadata = { "modelspec.title": "A\u001bTitle" };
    const { code, text } = await inspect(
      await writeSparse(folder, keys, { dtype: "BF16", metadata }),
    );
    assert.equal(code, 0);
    for (const line of ["BF16, LDM names", "markers: v_pred", "predicts: v_prediction"]) {
      assert(text.includes(line), line);
    }
    assert(text.includes("modelspec.title: A\\u001bTitle"), text);
  });
});

Deno.test("inspect takes exactly one model", () => {
  for (const args of [[], ["a", "b"], [""], ["a", "--sort", "hue"]]) {
    assert.throws(() => parseCommandLine(["inspect", ...args]), { name: "UsageError" });
  }
});
