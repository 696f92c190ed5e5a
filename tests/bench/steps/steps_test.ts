import assert from "node:assert/strict";
import { SessionPool } from "../../../lib/onnx/session_pool.ts";
import { goldenPath } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { leastTimes, measureSteps } from "./measure_steps.ts";
import { stepsTables } from "./steps_table.ts";

Deno.test("leastTimes() takes the least of each part", () => {
  const first = { step: 5, kernels: 1, vaeForward: 1, denoise: 2, vaeBackward: 1 };
  const second = { step: 4, kernels: 2, vaeForward: 0.5, denoise: 1, vaeBackward: 0.5 };
  assert.deepEqual(leastTimes([first, second]), { ...second, kernels: 1 });
});

gpuTest("measureSteps() tells parts that make up the step", async (gpu) => {
  await using pool = new SessionPool();
  const options = { model: goldenPath("tiny-sdxl"), runtime: "wasm", steps: 3 } as const;
  const times = await measureSteps({ size: 8, colors: 5 }, { gpu, pool }, options);
  for (const { step, ...parts } of [times.wall, times.cpu]) {
    const values = Object.values(parts);
    assert.ok(values.length === 4 && values.every((seconds) => seconds >= 0 && seconds <= step));
  }
  assert.ok(times.wall.denoise > 0 && times.cpu.denoise > 0);
  // Logits, their gradient and two moments, at the least.
  assert.ok(times.tensorBytes >= 4 * 4 * 8 * 8 * 5);
});

Deno.test("stepsTables() sets every row against the first", () => {
  const row = { colors: 16, tensorBytes: 2e6, residentBytes: 5e8, runtime: "wasm" };
  const networks = { vaeForward: 0.1, denoise: 0.2, vaeBackward: 0.1 };
  const quick = { step: 0.5, kernels: 0.1, ...networks };
  const slow = { step: 0.8, kernels: 0.4, ...networks };
  const tables = stepsTables([
    { size: 32, wall: quick, cpu: quick, ...row },
    { size: 64, wall: slow, cpu: { ...quick, step: 1, kernels: 0.6 }, ...row },
  ]);
  const rows = tables.split("\n").filter((line) => line.startsWith("| 64 "));
  assert.deepEqual(rows, [
    "| 64 | 16 | 0.800 | 1.60 | 0.400 | 0.100 | 0.200 | 0.100 | 50 % | 1.25 | 2.0 | 500 |",
    "| 64 | 16 | 1.000 | 2.00 | 0.600 | 0.100 | 0.200 | 0.100 | 60 % |",
  ]);
});
