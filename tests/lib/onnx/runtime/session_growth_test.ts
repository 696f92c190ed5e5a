import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runtimeFile } from "../../../../lib/onnx/runtime/runtime_file.ts";

const PROGRAM = fileURLToPath(new URL("session_growth.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

for (const runtime of ["wasm", "webgpu"] as const) {
  Deno.test(`Session frees its memory with its disposal: ${runtime}`, async () => {
    const read = `--allow-read=${ROOT},${runtimeFile(runtime)}`;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--no-check", read, PROGRAM, runtime],
      env: { XDG_RUNTIME_DIR: "/tmp", NO_COLOR: "1" },
      stdin: "null",
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const growth = Number(new TextDecoder().decode(stdout));
    // A leak would be thirty times 32 MB of weights; the garbage of runs varies.
    assert.ok(growth < 500, `grew by ${growth} MB`);
  });
}
