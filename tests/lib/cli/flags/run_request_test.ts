import assert from "node:assert/strict";
import { parseCommandLine } from "../../../../lib/cli/flags/parse_command_line.ts";
import { readRequest } from "../../../../lib/cli/flags/run_request.ts";

/** Returns the notes on `--download` beside other arguments. */
async function downloadNotes(...args: readonly string[]): Promise<readonly string[]> {
  const parsed = parseCommandLine(["generate", "--prompt", "a cat", "--download", ...args]);
  assert(parsed?.command === "generate");
  const { notes } = await readRequest(parsed.flags);
  return notes.filter((note) => note.startsWith('"--download"'));
}

/** Settings that load a model of the Hub. */
const FROM_HUB: readonly (readonly string[])[] = [
  ["--model", "sdxl"],
  ["--set", "diffusion.vae_id=a/b"],
  ["--set", "diffusion.lora_path=a/b"],
  ["--set", "diffusion.clip_id=a/b"],
  ["--set", "diffusion.tokenizer_id=a/b"],
  ["--set", "diffusion.base_id=a/b"],
  ["--set", "controlnet.models_id=a/canny"],
  ["--set", "automatic_caption=true", "--set", "caption.blip_model_id=a/b"],
];

for (const args of FROM_HUB) {
  Deno.test(`--download has an effect with ${args.join(" ")}`, async () => {
    assert.deepEqual(await downloadNotes(...args), []);
  });
}

Deno.test("--download has no effect, and says so, if no model comes from the Hub", async () => {
  const note =
    '"--download" has no effect: no model comes from the Hub, and no palette from Lospec';
  assert.deepEqual(await downloadNotes(), [note]);
  assert.deepEqual(await downloadNotes("--model", "mini"), [note]);
  // The caption model is not loaded.
  assert.deepEqual(await downloadNotes("--set", "caption.blip_model_id=a/b"), [note]);
});
