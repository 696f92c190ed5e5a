import assert from "node:assert/strict";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { goldenPath } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { measureSteps, minTimes, type StepTimes } from "./measure_steps.ts";
import { stepsChart } from "./steps_chart.ts";
import { stepsTables } from "./steps_table.ts";

Deno.test("minTimes() takes the minimum of each part", () => {
  const first = { step: 5, kernels: 1, vaeForward: 1, denoise: 2, vaeBackward: 1 };
  const second = { step: 4, kernels: 2, vaeForward: 0.5, denoise: 1, vaeBackward: 0.5 };
  assert.deepEqual(minTimes([first, second]), { ...second, kernels: 1 });
});

gpuTest("measureSteps() measures parts that add up to the step", async (gpu) => {
  await using pool = new SessionPool();
  const options = { model: goldenPath("tiny-sdxl"), runtime: "wasm", steps: 3 } as const;
  const times = await measureSteps({ size: 8, colors: 5 }, { gpu, pool }, options);
  for (const { step, ...parts } of [times.wall, times.cpu]) {
    const values = Object.values(parts);
    assert.ok(values.length === 4 && values.every((seconds) => seconds >= 0 && seconds <= step));
  }
  assert.ok(times.wall.denoise > 0 && times.cpu.denoise > 0);
  // At minimum the logits, their gradient and two moments.
  assert.ok(times.tensorBytes >= 4 * 4 * 8 * 8 * 5);
});

Deno.test("stepsTables() compares each row with the first", () => {
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

function timesOf(size: number, colors: number, seconds: number): StepTimes {
  const networks = { vaeForward: 0.1, denoise: 0.2, vaeBackward: 0.1 };
  const wall = { step: seconds, kernels: seconds / 4, ...networks };
  const held = { tensorBytes: size * colors * 1e4, residentBytes: 5e8, runtime: "wasm" };
  return { size, colors, wall, cpu: wall, ...held };
}

/** Numbers of all elements of a kind, attribute by attribute. */
function numbersOf(svg: string, pattern: RegExp): number[][] {
  return [...svg.matchAll(pattern)].map((match) => match.slice(1).map(Number));
}

Deno.test("stepsChart() stacks parts by their time, against size and colors", () => {
  const svg = stepsChart(
    [timesOf(32, 16, 1), timesOf(64, 16, 2), timesOf(128, 16, 4), timesOf(32, 2, 0.5)],
    "Adapter <none>",
  );
  assert.match(svg, /Time in 16 colors.*Time of 32x32 pixels/s);
  assert.match(
    svg,
    /128x128 pixels, 16 colors: 4.00 s per step, .* 1.00 s; 0.250 steps per second/,
  );
  assert.match(svg, /Adapter &lt;none&gt;/);
  const heights = numbersOf(svg, /<rect [^>]*height="([\d.]+)" fill="#(?:0072b2|e69f00)"\/>/g)
    .map(([height]) => height!);
  // Sizes 32, 64, 128, then colors 2, 16; the networks take three quarters of each step.
  const unit = heights[0]! / 0.75;
  const seconds = [1, 2, 4, 0.5, 1].flatMap((step) => [0.75 * step, 0.25 * step]);
  for (const [i, second] of seconds.entries()) {
    assert.ok(Math.abs(heights[i]! - second * unit) < 0.05, `bar ${i}`);
  }
  // The number on the highest bar is below the end of the axis.
  const [[labelY], [endY]] = [/ y="([\d.]+)"[^>]*>4\.00</g, / y="([\d.]+)"[^>]*>5</g]
    .map((pattern) => numbersOf(svg, pattern)[0]!) as [[number], [number]];
  assert.ok(labelY - 11 > endY - 4);
  // Equal factors of size or memory have equal lengths.
  const [a, b, c] = numbersOf(svg, /<circle cx="([\d.]+)" cy="([\d.]+)"/g) as [number, number][];
  for (const axis of [0, 1] as const) {
    assert.ok(Math.abs((b![axis] - a![axis]) - (c![axis] - b![axis])) < 0.03);
  }
  assert.ok(b![0] > a![0] && b![1] < a![1]);
});

Deno.test("stepsChart() groups bars and labels lines where all sizes have all colors", () => {
  const grid = [16, 32].flatMap((size) => [2, 4, 8].map((colors) => timesOf(size, colors, 1)));
  const svg = stepsChart(grid, "");
  assert.match(svg, /Time, bars of a group: 2, 4, 8 colors/);
  assert.match(svg, /Memory, lines: 16, 32 pixels/);
  const lefts = numbersOf(
    svg,
    /<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="[\d.]+" fill="#e69f00"\/>/g,
  );
  // Six bars per panel, without overlap.
  assert.equal(lefts.length, 12);
  const first = lefts.slice(0, 6).sort(([a], [b]) => a! - b!);
  for (const [i, [left]] of first.slice(1).entries()) {
    assert.ok(left! >= first[i]![0]! + first[i]![1]!);
  }
});

Deno.test("stepsChart() draws a single case", () => {
  const svg = stepsChart([timesOf(32, 16, 1)], "");
  assert.match(svg, /Time in 16 colors/);
  assert.doesNotMatch(svg, /NaN|Infinity/);
});
