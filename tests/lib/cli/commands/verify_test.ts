import assert from "node:assert/strict";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { type TensorComparison, verifyCommand } from "../../../../lib/cli/commands/verify.ts";

const OK: TensorComparison = {
  status: "ok",
  name: "vae tiny.latents",
  maxAbs: 1e-6,
  relative: 2.5e-7,
};
const FAIL: TensorComparison = {
  status: "FAIL",
  name: "unet noise_pred",
  maxAbs: NaN,
  relative: 0.5,
};
const SKIPPED: TensorComparison = { status: "skipped", name: "lora", reason: "not supported yet" };

async function verify(lines: readonly TensorComparison[], runtime?: string) {
  let text = "";
  const out = createTerminal({ print: (part) => void (text += part) });
  async function* verifier() {
    yield* lines;
  }
  const flags = runtime === undefined ? {} : { runtime };
  return { code: await verifyCommand("goldens", flags, { out }, verifier), text };
}

Deno.test("verify prints one line a tensor and counts them", async () => {
  const { code, text } = await verify([OK, SKIPPED]);
  assert.equal(code, 0);
  assert.deepEqual(text.trimEnd().split("\n").map((line) => line.replaceAll(/ {2,}/g, " ")), [
    "vae tiny.latents max 1.00e-6 rel 2.50e-7 ok",
    "lora skipped: not supported yet",
    "1 ok, 0 failed, 1 skipped",
  ]);
});

Deno.test("verify ends with 1 if a tensor fails, or if none was compared", async () => {
  assert.equal((await verify([OK, FAIL])).code, 1);
  assert.equal((await verify([SKIPPED])).code, 1);
  assert.equal((await verify([])).code, 1);
});

Deno.test("verify refuses an unknown runtime", async () => {
  await assert.rejects(verify([OK], "cuda"), {
    name: "UsageError",
    message: 'Cannot verify: expected one of auto, webgpu, wasm, native for --runtime, got "cuda"',
  });
});
